import { ChatEvent, MediaEvent, PollEvent, RoomEvent, StoreEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { RequestLimits } from '../../../src/edge/rate-limits.js';

const SECOND_MS = 1000;

/** How many of `count` requests pass when `perSecond` of them come each second. */
function passed(event: number, count: number, perSecond: number): number {
  const limits = new RequestLimits(0);
  let now = 0;
  let allowed = 0;
  for (let index = 0; index < count; index++) {
    if (limits.allows(event, now)) allowed++;
    now += SECOND_MS / perSecond;
  }
  return allowed;
}

describe('the limits of one socket', () => {
  // features.md S41: what the SDK itself would still send must pass for as long as it likes.
  it.each([
    ['texts, 180 in a minute', ChatEvent.sendMessageToRoom, 3, 900],
    ['broadcasts, 5 in a second', RoomEvent.broadcastMessage, 5, 1000],
    ['writes to a store, 5 in a second', StoreEvent.storeInsertKeys, 5, 1000],
    ['requests for the connected meetings, 60 in a minute', RoomEvent.getConnectedRoomsDump, 1, 300],
    ['reports of one’s own voice, every 400 ms', MediaEvent.audioActivity, 2.5, 1000],
  ])('are never reached by %s', (_what, event, perSecond, count) => {
    expect(passed(event, count, perSecond)).toBe(count);
  });

  it('let a burst through and hold what goes on to the rate', () => {
    expect(passed(RoomEvent.getRoomInfo, 2000, 1_000_000)).toBe(400);
    expect(passed(RoomEvent.broadcastMessage, 1000, 1_000_000)).toBe(20);
    expect(passed(RoomEvent.broadcastMessage, 1000, 100)).toBeLessThan(20 + 10 * 10 + 1);
  });

  it('keep what is answered with whole lists rare, after room for some joins', () => {
    for (const event of [ChatEvent.getMessages, PollEvent.getPolls]) {
      expect(passed(event, 100, 1_000_000)).toBe(5);
    }
  });

  it('count kinds apart, and all of them together', () => {
    const limits = new RequestLimits(0);
    while (limits.allows(RoomEvent.broadcastMessage, 0));
    expect(limits.allows(ChatEvent.sendMessageToRoom, 0)).toBe(true);
    while (limits.allows(RoomEvent.getRoomInfo, 0));
    expect(limits.allows(MediaEvent.joinRoom, 0)).toBe(false);
    expect(limits.allows(MediaEvent.joinRoom, SECOND_MS)).toBe(true);
  });
});
