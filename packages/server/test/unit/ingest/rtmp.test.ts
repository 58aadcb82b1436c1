import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AmfValue, readAmf, writeAmf } from '../../../src/ingest/rtmp/amf0.js';
import { ChunkReader, type RtmpMessage } from '../../../src/ingest/rtmp/chunks.js';
import { RtmpError } from '../../../src/ingest/rtmp/errors.js';
import { Publisher } from '../../../src/ingest/rtmp/publisher.js';
import {
  beginning,
  chunked,
  command,
  handshake,
  type SentMessage,
  uint32,
} from '../../support/publishing-client.js';

const KEY = 'e'.repeat(64);
const video = (timestampMs: number, payload: Buffer): SentMessage => ({
  chunkStream: 6,
  type: 9,
  timestampMs,
  payload,
});

/** A server's side that lets everybody in, and what has come of it. */
function publisher({ admits = true } = {}) {
  const keys: string[] = [];
  const sent: Buffer[] = [];
  const media: Buffer[] = [];
  let isDone = false;
  const side: Publisher = new Publisher({
    send: (bytes) => sent.push(bytes),
    onKey: (key) => {
      keys.push(key);
      if (admits) side.accept();
      else side.refuse('No');
    },
    onMedia: (flv) => media.push(flv),
    onDone: () => {
      isDone = true;
    },
  });
  return { side, keys, sent, media: () => Buffer.concat(media), isDone: () => isDone };
}

/** The same bytes, cut where the numbers say. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length]!;
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

const messagesOf = (reader: ChunkReader): RtmpMessage[] => {
  const messages: RtmpMessage[] = [];
  for (let message = reader.next(); message; message = reader.next()) messages.push(message);
  return messages;
};

describe('values of commands', () => {
  const amfValue = fc.letrec<{ value: AmfValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.double({ noNaN: true }),
      fc.boolean(),
      fc.string(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 3 }),
      fc
        .array(fc.tuple(fc.string({ minLength: 1 }), tie('value')), { maxLength: 3 })
        .map((all) => new Map(all)),
    ),
  })).value;

  it('are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(amfValue), (values) => {
        expect(readAmf(writeAmf(values))).toEqual(values);
      }),
    );
  });

  it('of any bytes at all are values or a clear refusal, however deep they are nested', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readAmf(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpError);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(() => readAmf(Buffer.alloc(100_000, Buffer.of(0x0a, 0, 0, 0, 1)))).toThrow(RtmpError);
  });
});

describe('chunks', () => {
  it('are put together to the messages that were sent, wherever the bytes are cut', () => {
    const message = fc.record({
      chunkStream: fc.integer({ min: 4, max: 8 }),
      type: fc.constantFrom(8, 9, 18),
      timestampMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      payload: fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.integer({ min: 128, max: 3_000 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (messages, chunkBytes, lengths) => {
          const size = { chunkStream: 2, type: 1, timestampMs: 0, payload: uint32(chunkBytes) };
          const bytes = Buffer.concat([
            chunked(size, 128),
            ...messages.map((one) => chunked(one, chunkBytes)),
          ]);
          const reader = new ChunkReader(10_000);
          const read = cut(bytes, lengths).flatMap((part) => {
            reader.push(part);
            return messagesOf(reader);
          });
          expect(read).toEqual(messages.map(({ chunkStream: _, ...rest }) => rest));
        },
      ),
    );
  });

  it('of two messages may come in turns, and leave out what is as before', () => {
    const reader = new ChunkReader(10_000);
    const picture = Buffer.alloc(200, 7);
    const [first, second] = cut(chunked(video(1_000, picture), 128), [12 + 128]);
    const sound = chunked({ chunkStream: 4, type: 8, timestampMs: 990, payload: Buffer.of(1) }, 128);
    // Of chunk stream 6: all is as before but the time, 40 ms later; then 40 ms later again.
    const later = Buffer.concat([Buffer.of(0x80 | 6, 0, 0, 40), picture.subarray(0, 128)]);
    const rest = Buffer.concat([Buffer.of(0xc0 | 6), picture.subarray(128)]);
    const again = Buffer.concat([Buffer.of(0xc0 | 6), picture.subarray(0, 128), rest]);
    reader.push(Buffer.concat([first!, sound, second!, later, rest, again]));
    expect(messagesOf(reader).map(({ type, timestampMs }) => [type, timestampMs])).toEqual([
      [8, 990],
      [9, 1_000],
      [9, 1_040],
      [9, 1_080],
    ]);
  });

  it.each([
    ['a message that is longer than may be', chunked(video(0, Buffer.alloc(10_001)), 20_000)],
    [
      'many messages that are never finished',
      Buffer.concat(
        Array.from({ length: 31 }, (_, at) =>
          chunked({ ...video(0, Buffer.alloc(9_000)), chunkStream: 3 + at }, 128).subarray(0, 12 + 128),
        ).concat(
          chunked({ chunkStream: 2, type: 1, timestampMs: 0, payload: uint32(8_999) }, 128),
          Array.from({ length: 2 }, (_, at) =>
            Buffer.concat([Buffer.of(0xc0 | (3 + at)), Buffer.alloc(8_800)]),
          ),
        ),
      ),
    ],
    [
      'more chunk streams than any encoder uses',
      Buffer.concat(
        Array.from({ length: 33 }, (_, at) =>
          chunked({ ...video(0, Buffer.of(1)), chunkStream: 3 + at }, 128),
        ),
      ),
    ],
    [
      'chunks that are all header',
      chunked({ chunkStream: 2, type: 1, timestampMs: 0, payload: uint32(1) }, 128),
    ],
    ['the rest of what was never begun', Buffer.of(0xc0 | 9)],
  ])('are refused for %s', (_, bytes) => {
    const reader = new ChunkReader(10_000);
    reader.push(bytes);
    expect(() => messagesOf(reader)).toThrow(RtmpError);
  });
});

describe('somebody who publishes', () => {
  const size = chunked({ chunkStream: 2, type: 1, timestampMs: 0, payload: uint32(4_096) }, 128);
  const picture = Buffer.concat([Buffer.of(0x17), Buffer.alloc(20_000, 5)]);
  const stream = Buffer.concat([beginning(KEY), size, chunked(video(0x1234567, picture), 4_096)]);

  it('shows his key before anything of his picture is read, and it comes through as FLV', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1 }), (lengths) => {
        const { side, keys, media } = publisher();
        for (const part of cut(stream, lengths)) side.take(part);
        expect(keys).toEqual([KEY]);
        const flv = media();
        expect(flv.subarray(0, 5)).toEqual(Buffer.from('FLV\x01\x05', 'latin1'));
        const tag = flv.subarray(13);
        expect([tag[0], tag.readUIntBE(1, 3)]).toEqual([9, picture.length]);
        expect(tag.readUIntBE(4, 3) + tag[7]! * 2 ** 24).toBe(0x1234567);
        expect(tag.subarray(11, -4).equals(picture)).toBe(true);
        expect(tag.readUInt32BE(tag.length - 4)).toBe(tag.length - 4);
      }),
    );
  });

  it('and whose key is no good is told so, and nothing more is read', () => {
    const { side, sent, media } = publisher({ admits: false });
    side.take(stream);
    expect(sent.at(-1)!.includes('NetStream.Publish.BadName')).toBe(true);
    expect(media()).toHaveLength(0);
  });

  it('is heard when nothing more comes, and told how much has come when it asks for that', () => {
    const { side, sent, isDone } = publisher();
    side.take(beginning(KEY));
    side.take(chunked({ chunkStream: 2, type: 5, timestampMs: 0, payload: uint32(1_000) }, 128));
    const before = sent.length;
    side.take(chunked(command('deleteStream', 6, null, 1), 128));
    expect(isDone()).toBe(true);
    expect(sent).toHaveLength(before + 1);
    expect(sent.at(-1)![7]).toBe(3);
  });

  it.each([
    ['speaks something else', Buffer.from('GET / HTTP/1.1\r\n')],
    ['wants to watch', Buffer.concat([handshake(), chunked(command('play', 1, null, KEY), 128)])],
    ['shows no key', Buffer.concat([handshake(), chunked(command('publish', 1, null, 7), 128)])],
    ['publishes twice', Buffer.concat([beginning(KEY), beginning(KEY).subarray(handshake().length)])],
    [
      'talks without end',
      Buffer.concat([handshake(), Buffer.alloc(300_000, chunked(command('hm', 0, null), 128))]),
    ],
  ])('is refused when he %s', (_, bytes) => {
    expect(() => {
      const { side } = publisher();
      for (const part of cut(bytes, [10_000])) side.take(part);
    }).toThrow(RtmpError);
  });

  it('may send whatever he likes: it is read or refused, and never anything else', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 5_000 }).map((noise) => Buffer.concat([handshake(), noise])),
      // The real thing with some of its bytes changed.
      fc
        .array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 })
        .map((changes) => {
          const changed = Buffer.from(stream);
          for (const [at, byte] of changes) changed[at] = byte;
          return changed;
        }),
      fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { minLength: 1, maxLength: 5 }).map((changes) => {
        const changed = Buffer.from(stream);
        for (const [at, byte] of changes) changed[handshake().length + at] = byte;
        return changed;
      }),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 9_000 }), (sent, length) => {
        try {
          const { side } = publisher();
          for (const part of cut(sent, [length])) side.take(part);
        } catch (error) {
          expect(error).toBeInstanceOf(RtmpError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
