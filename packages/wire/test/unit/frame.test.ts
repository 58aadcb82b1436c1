import { readFileSync } from 'node:fs';
import {
  decodeFrame,
  encodeBroadcast,
  encodeError,
  encodeFrame,
  MAX_CLIENT_FRAME_BYTES,
  MAX_REQUEST_ID_LENGTH,
  MediaEvent,
  RoomEvent,
  room,
  toClient,
  WireError,
} from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { codecOf } from '../codecs.js';

interface Sample {
  title: string;
  from: 'client' | 'server';
  event: number;
  id?: string;
  type?: string;
  message?: Record<string, unknown>;
  frame: string;
}

const samples = JSON.parse(
  readFileSync(new URL('../fixtures/frames.json', import.meta.url), 'utf8'),
) as Sample[];
const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return error instanceof WireError ? error.code : error;
  }
  return 'no error';
};

describe('sample frames, as the official SDK writes and reads them', () => {
  it.each(samples)('$title: reads', (sample) => {
    const frame = decodeFrame(bytesOf(sample.frame));
    expect(frame.event).toBe(sample.event);
    expect(frame.id).toBe(sample.id);
    if (sample.type) expect(codecOf(sample.type).decode(frame.payload)).toMatchObject(sample.message!);
    else expect(frame.payload).toHaveLength(0);
  });

  it.each(samples.filter((sample) => sample.type))('$title: is written to the same bytes', (sample) => {
    const codec = codecOf(sample.type!);
    const { payload } = decodeFrame(bytesOf(sample.frame));
    const written = codec.encode(codec.decode(payload)).finish();
    expect(hexOf(encodeFrame(sample.event, written, sample.id))).toBe(sample.frame);
  });
});

describe('encodeFrame', () => {
  it('always writes a payload field, because handlers of the SDK throw without one (pitfall 21)', () => {
    expect(hexOf(encodeFrame(RoomEvent.kickAll))).toBe('081f1a00');
    expect(hexOf(encodeFrame(RoomEvent.kickAll, new Uint8Array(0), 'x'))).toBe('081f1201781a00');
  });

  it('gives the requester its one copy with the id, and all others the same bytes (pitfall 12)', () => {
    const payload = toClient.encode(RoomEvent.joinRoom, { peer: room.Peer.fromPartial({ peerId: 'p' }) });
    const broadcast = encodeBroadcast(RoomEvent.joinRoom, payload);
    expect(decodeFrame(broadcast.frame)).toEqual({ event: RoomEvent.joinRoom, id: undefined, payload });
    expect(decodeFrame(broadcast.answer('r'))).toEqual({ event: RoomEvent.joinRoom, id: 'r', payload });
  });

  it('refuses a request with the error event that the SDK matches by id', () => {
    const frame = decodeFrame(encodeError(RoomEvent.kick, 'not allowed', 'r'));
    expect(frame).toMatchObject({ event: MediaEvent.errorResponse, id: 'r' });
    expect(toClient.decode(MediaEvent.errorResponse, frame.payload)).toEqual({
      errorMessage: 'not allowed',
      eventId: RoomEvent.kick,
    });
  });
});

describe('decodeFrame refuses', () => {
  it('a frame over the limit, before reading it', () => {
    expect(codeOf(() => decodeFrame(new Uint8Array(MAX_CLIENT_FRAME_BYTES + 1)))).toBe('frame_too_large');
    expect(codeOf(() => decodeFrame(encodeFrame(3), 3))).toBe('frame_too_large');
  });

  it('a request id over the limit', () => {
    const ok = encodeFrame(3, undefined, 'x'.repeat(MAX_REQUEST_ID_LENGTH));
    expect(decodeFrame(ok).id).toHaveLength(MAX_REQUEST_ID_LENGTH);
    const long = encodeFrame(3, undefined, 'x'.repeat(MAX_REQUEST_ID_LENGTH + 1));
    expect(codeOf(() => decodeFrame(long))).toBe('request_id_too_long');
  });

  it.each(samples)('$title, cut at any place where a field is open', (sample) => {
    const whole = bytesOf(sample.frame);
    for (let length = 0; length < whole.length; length++) {
      expect(['no error', 'malformed_frame']).toContain(codeOf(() => decodeFrame(whole.subarray(0, length))));
    }
    expect(codeOf(() => decodeFrame(whole.subarray(0, 1)))).toBe('malformed_frame');
  });
});
