import { describe, expect, it } from 'vitest';
import { placeCues } from '../../src/timed-metadata/cue-times.js';
import { id3Tag } from '../../src/timed-metadata/id3-tag.js';
import { metadataStream } from '../../src/timed-metadata/metadata-stream.js';

describe('an ID3 tag', () => {
  it('is one frame TXXX of version 2.4 with the text in UTF-8 (RC40)', () => {
    const content = Buffer.from('\x03ID3Data\0Tor für München\0');
    const frame = Buffer.concat([Buffer.from('TXXX'), Buffer.of(0, 0, 0, content.length, 0, 0), content]);
    const head = Buffer.concat([Buffer.from('ID3'), Buffer.of(4, 0, 0, 0, 0, 0, frame.length)]);
    expect(id3Tag('Tor für München')).toEqual(Buffer.concat([head, frame]));
  });

  it('has sizes of seven bits a byte', () => {
    const tag = id3Tag('x'.repeat(16_384));
    const sizeAt = (at: number) => [...tag.subarray(at, at + 4)].reduce((sum, byte) => sum * 128 + byte, 0);
    expect(sizeAt(6)).toBe(tag.length - 10);
    expect(sizeAt(14)).toBe(tag.length - 20);
    expect(Math.max(...tag.subarray(6, 10), ...tag.subarray(14, 18))).toBeLessThan(128);
  });

  it('does not end at a zero in its text', () => {
    expect(id3Tag('a\0b')).toEqual(id3Tag('ab'));
  });
});

interface Packet {
  pid: number;
  begins: boolean;
  count: number;
  payload: Buffer;
}

function packetsOf(stream: Buffer): Packet[] {
  expect(stream.length % 188).toBe(0);
  return Array.from({ length: stream.length / 188 }, (_, index) => {
    const packet = stream.subarray(index * 188, (index + 1) * 188);
    expect(packet[0]).toBe(0x47);
    const hasFilling = (packet[3]! & 0x20) !== 0;
    return {
      pid: packet.readUInt16BE(1) & 0x1fff,
      begins: (packet[1]! & 0x40) !== 0,
      count: packet[3]! & 0x0f,
      payload: packet.subarray(hasFilling ? 5 + packet[4]! : 4),
    };
  });
}

describe('a stream of timed metadata', () => {
  it('is a program with one stream of ID3, as its tables say', () => {
    const [pat, pmt] = packetsOf(metadataStream([]));
    expect(pat).toMatchObject({ pid: 0, begins: true });
    // Pointer, section of program 1 with its table at 0x1000, checksum.
    expect(pat!.payload.toString('hex')).toBe('0000b00d0001c100000001f0002ab104b2');
    expect(pmt).toMatchObject({ pid: 0x1000, begins: true });
    expect(pmt!.payload.includes('ID3 ')).toBe(true);
  });

  it('carries each tag in one PES packet at its time, over as many packets as it takes', () => {
    const long = 'x'.repeat(500);
    const atMs = 26 * 3_600_000 + 1;
    const [, , first, ...rest] = packetsOf(
      metadataStream([
        { atMs: 0, text: 'short' },
        { atMs, text: long },
      ]),
    );
    expect(first).toMatchObject({ pid: 0x100, begins: true, count: 0 });
    expect(first!.payload.subarray(14)).toEqual(id3Tag('short'));
    expect(rest.map(({ begins, count }) => [begins, count])).toEqual([
      [true, 1],
      [false, 2],
      [false, 3],
    ]);
    const unit = Buffer.concat(rest.map(({ payload }) => payload));
    expect(unit.readUInt16BE(4)).toBe(unit.length - 6);
    expect(unit.subarray(14)).toEqual(id3Tag(long));
    const [head, high, low] = [unit[9]!, unit.readUInt16BE(10), unit.readUInt16BE(12)];
    expect([head & 1, high & 1, low & 1]).toEqual([1, 1, 1]);
    const ticks = (BigInt(head >> 1) & 7n) * 2n ** 30n + BigInt(high >> 1) * 2n ** 15n + BigInt(low >> 1);
    expect(ticks).toBe(BigInt(atMs) * 90n);
  });
});

describe('the place of a message', () => {
  const placesOf = (times: number[], stretches: Parameters<typeof placeCues>[1]) =>
    placeCues(
      times.map((atMs) => ({ atMs, text: '' })),
      stretches,
    ).map(({ atMs }) => atMs);

  it('is its time in the file: pauses are not in it (RC06, RC40)', () => {
    const stretches = [
      { startedAtMs: 1_000, lengthMs: 4_000 },
      { startedAtMs: 9_000, lengthMs: 3_000 },
      { startedAtMs: 20_000 },
    ];
    expect(placesOf([1_000, 2_500, 9_000, 10_500, 20_001], stretches)).toEqual([
      0, 1_500, 4_000, 5_500, 7_001,
    ]);
  });

  it('is the beginning of what comes next for one between two stretches, and never beyond the end', () => {
    const stretches = [
      { startedAtMs: 1_000, lengthMs: 4_000 },
      { startedAtMs: 9_000, lengthMs: 3_000 },
    ];
    expect(placesOf([500, 7_000, 13_000], stretches)).toEqual([0, 4_000, 7_000]);
  });

  it('is no longer than until the next stretch where a recorder was killed', () => {
    expect(placesOf([6_000], [{ startedAtMs: 1_000 }, { startedAtMs: 5_000 }])).toEqual([5_000]);
  });

  it('is one of its own, in the order of the messages', () => {
    expect(placesOf([1_000, 1_000, 900], [{ startedAtMs: 0 }])).toEqual([1_000, 1_001, 1_002]);
  });
});
