import type { Command } from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, START } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben', 'cleo']) meeting.join(peerId);
  return meeting;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const broadcast = (options: Partial<Command & { type: 'Broadcast' }> = {}): Command => ({
  type: 'Broadcast',
  by: 'anna',
  kind: 'cheer',
  payload: bytes('{"emoji":"👏"}'),
  toPeerIds: null,
  ...options,
});

describe('a broadcast', () => {
  it('without a target goes to everybody, the sender included and answered by it (T09)', () => {
    const told = room().do(broadcast());
    expect(told.receivers(RoomEvent.broadcastMessage)).toEqual(['anna', 'ben', 'cleo']);
    expect(told.to('anna')).toEqual(['room.broadcastMessage!']);
    expect(told.message(RoomEvent.broadcastMessage)).toEqual({
      type: 'cheer',
      payload: bytes('{"emoji":"👏"}'),
      timestamp: START,
      ids: [],
    });
  });

  it('with targets goes to those of them who are in, once, and not to the sender (T09)', () => {
    const told = room().do(broadcast({ toPeerIds: ['ben', 'ben', 'nobody', 'anna'] }));
    expect(told.receivers(RoomEvent.broadcastToEntity)).toEqual(['ben']);
    expect(told.to('anna')).toEqual([]);
  });

  it('to nobody who is in tells nobody', () => {
    expect(room().do(broadcast({ toPeerIds: ['nobody'] })).effects).toEqual([]);
  });

  it.each(['true', '1', '"text"', '{"date":"2026-01-01"}', '[]', 'null'])('carries %s (T08)', (json) => {
    const told = room().do(broadcast({ payload: bytes(json) }));
    expect(new TextDecoder().decode(told.message(RoomEvent.broadcastMessage).payload)).toBe(json);
  });

  it.each([
    ['no type', { kind: '' }],
    ['a type over the limit', { kind: 'x'.repeat(257) }],
    ['a payload that is no JSON', { payload: bytes('{') }],
    ['no payload', { payload: bytes('') }],
    ['a payload over the limit', { payload: bytes(JSON.stringify('x'.repeat(65_536))) }],
  ])('is refused with %s', (_, options) => {
    expect(room().refusalOf(broadcast(options))).toBe('broadcast_invalid');
  });

  it('is for joined peers alone (E10)', () => {
    const meeting = room();
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    expect(meeting.refusalOf(broadcast({ by: 'wendy' }))).toBe('not_joined');
    expect(meeting.refusalOf(broadcast({ by: 'stranger' }))).toBe('not_joined');
  });

  it('of the type spotlight needs the permission to spotlight (R08, T08)', () => {
    const meeting = room();
    meeting.join('host', host());
    expect(meeting.refusalOf(broadcast({ kind: 'spotlight' }))).toBe('permission_denied');
    expect(meeting.refusalOf(broadcast({ kind: 'spotlight', by: 'host' }))).toBeNull();
  });

  it('does not reach those who wait (W01)', () => {
    const meeting = room();
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    expect(meeting.do(broadcast()).to('wendy')).toEqual([]);
    expect(meeting.do(broadcast({ toPeerIds: ['wendy'] })).to('wendy')).toEqual([]);
  });
});
