import {
  ChatEvent,
  eventName,
  MediaEvent,
  PollEvent,
  PresetEvent,
  RoomEvent,
  StoreEvent,
  toServer,
} from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { laneOf, servedEvents } from '../../../src/edge/dispatch.js';

const ALL = [RoomEvent, ChatEvent, StoreEvent, PollEvent, PresetEvent, MediaEvent].flatMap((table) =>
  Object.values<number>(table),
);

/** Requests of features that this server does not have; they are answered with an error. */
const NOT_SERVED = [
  RoomEvent.getPeerInfo,
  RoomEvent.getAllAddedParticipants,
  RoomEvent.getRoomStageState,
  MediaEvent.changeDisplayName,
];

describe('the table of requests', () => {
  it('serves every event that the wire lets a client send, but for those named here', () => {
    const sent = ALL.filter((event) => toServer.has(event));
    const names = (events: number[]) => events.map((event) => eventName(event)).toSorted();
    expect(names(servedEvents())).toEqual(
      names(sent.filter((event) => !NOT_SERVED.includes(event as never))),
    );
  });

  it('has one row for each event', () => {
    expect(new Set(servedEvents()).size).toBe(servedEvents().length);
  });

  it('lets nothing of the session wait for the media worker', () => {
    for (const event of [
      RoomEvent.joinRoom,
      RoomEvent.kickAll,
      MediaEvent.joinRoom,
      MediaEvent.toggleProducer,
    ]) {
      expect(laneOf(event)).toBe('session');
    }
    for (const event of [MediaEvent.createWebRTCTransport, MediaEvent.produce, MediaEvent.consume]) {
      expect(laneOf(event)).toBe('media');
    }
    expect(laneOf(4711)).toBe('session');
  });
});
