import {
  ChatEvent,
  type ClientEvent,
  decodeFrame,
  encodeFrame,
  eventName,
  MAX_SERVER_FRAME_BYTES,
  MediaEvent,
  PollEvent,
  PresetEvent,
  RoomEvent,
  StoreEvent,
  toClient,
  toServer,
  WireError,
} from '@parley/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const ALL_EVENTS = [RoomEvent, ChatEvent, StoreEvent, PollEvent, PresetEvent, MediaEvent].flatMap((table) =>
  Object.values<number>(table),
);
const CLIENT_EVENTS = ALL_EVENTS.filter((event): event is ClientEvent => toServer.has(event));

/** Whatever the bytes are, reading them ends, and fails with nothing but a WireError. */
function readsOrRefuses(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
  }
}

/** Bytes that look like protobuf: valid tags with lengths and values that need not fit. */
const protobufLike = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 7 }),
      fc.uint8Array({ maxLength: 12 }),
    ),
    { maxLength: 20 },
  )
  .map((fields) =>
    Uint8Array.from(fields.flatMap(([no, wireType, bytes]) => [(no << 3) | wireType, ...bytes])),
  );

describe('bytes from a hostile client', () => {
  it('never make decodeFrame fail with anything but a WireError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), protobufLike), (bytes) => {
        readsOrRefuses(() => decodeFrame(bytes));
      }),
      { numRuns: 3000 },
    );
  });

  it('never make a payload decoder fail with anything but a WireError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CLIENT_EVENTS),
        fc.oneof(fc.uint8Array({ maxLength: 200 }), protobufLike),
        (event, bytes) => {
          readsOrRefuses(() => toServer.decode(event, bytes));
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('are bounded when groups are nested deeply or 64-bit numbers do not fit', () => {
    readsOrRefuses(() => decodeFrame(new Uint8Array(100_000).fill(0x7b)));
    const overflowing = Uint8Array.from([0x08, ...Array<number>(9).fill(0xff), 0x01]);
    expect(() => toServer.decode(ChatEvent.getPaginatedMessages, overflowing)).toThrow(WireError);
  });

  it('cannot reach into an object prototype through a map key', () => {
    const entry = [0x0a, 9, ...Buffer.from('__proto__'), 0x12, 3, 0x0a, 1, 0x78];
    const map = [0x0a, entry.length, ...entry];
    const payload = Uint8Array.from([0x12, map.length, ...map]);
    toClient.decode(MediaEvent.consume, payload);
    expect(Object.prototype).not.toHaveProperty('consumerId');
  });

  it('name an unknown event as such', () => {
    expect(toServer.has(4711)).toBe(false);
    expect(() => toServer.decode(4711 as ClientEvent, new Uint8Array(0))).toThrow('There is no event 4711.');
  });
});

describe('frames', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.option(
          fc.string({ maxLength: 64, unit: 'grapheme' }).filter((id) => id.length <= 128),
          { nil: undefined },
        ),
        fc.uint8Array({ maxLength: 500 }),
        (event, id, payload) => {
          expect(decodeFrame(encodeFrame(event, payload, id))).toEqual({ event, id, payload });
        },
      ),
    );
  });

  it('have room for the longest chat history that a server sends', () => {
    const message = {
      chatId: crypto.randomUUID(),
      peerId: crypto.randomUUID(),
      userId: crypto.randomUUID(),
      displayName: 'x'.repeat(100),
      pinned: false,
      isEdited: false,
      payloadType: 0,
      payload: '\u{1F600}'.repeat(2000),
      targetUserIds: [],
      createdAt: 1_700_000_000,
      createdAtMs: 1_700_000_000_123,
    };
    const messages = Array<typeof message>(1000).fill(message);
    const frame = encodeFrame(ChatEvent.getMessages, toClient.encode(ChatEvent.getMessages, { messages }));
    const { payload } = decodeFrame(frame, MAX_SERVER_FRAME_BYTES);
    expect(toClient.decode(ChatEvent.getMessages, payload).messages).toHaveLength(1000);
  });
});

describe('eventName', () => {
  it('names every event of the SDK once', () => {
    expect(eventName(RoomEvent.joinRoom)).toBe('room.joinRoom');
    expect(eventName(MediaEvent.joinRoom)).toBe('media.joinRoom');
    expect(eventName(4711)).toBeUndefined();
    expect(new Set(ALL_EVENTS.map(eventName)).size).toBe(ALL_EVENTS.length);
  });
});
