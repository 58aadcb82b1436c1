import { id3Tag } from './id3-tag.js';

/** A moment of the recording and the text that belongs to it. */
export interface PlacedCue {
  /** From the beginning of the file, pauses left out. */
  atMs: number;
  text: string;
}

const PACKET_BYTES = 188;
const HEADER_BYTES = 4;
const PAYLOAD_BYTES = PACKET_BYTES - HEADER_BYTES;
const PAT_PID = 0;
const PMT_PID = 0x1000;
const METADATA_PID = 0x100;
const NO_PCR_PID = 0x1fff;
const TICKS_PER_MS = 90;
/**
 * The type of metadata in PES packets would be 0x15, which ffmpeg writes into what it makes of this. Of a stream that has
 * it already ffmpeg 5.1 takes the first five bytes of each packet for a header; a private type is left alone.
 */
const PRIVATE_STREAM_TYPE = 0xf0;
const PRIVATE_STREAM_1 = 0xbd;

/**
 * An MPEG transport stream of nothing but timed metadata, for ffmpeg to put beside picture and sound (Apple, "Timed
 * Metadata for HTTP Live Streaming"). ffmpeg carries such a stream and can make none.
 */
export function metadataStream(cues: readonly PlacedCue[]): Buffer {
  const packets = new Packets();
  packets.add(PAT_PID, table(0x00, Buffer.of(0, 1, ...CURRENT, 0, 1, ...pid(PMT_PID))));
  packets.add(PMT_PID, table(0x02, programMap()));
  for (const { atMs, text } of cues) packets.add(METADATA_PID, pesPacket(atMs, id3Tag(text)));
  return packets.bytes;
}

/** Version 0, valid now, the first section of one. */
const CURRENT = [0xc1, 0, 0];

function programMap(): Buffer {
  const id3 = Buffer.from('ID3 ');
  const descriptor = Buffer.concat([Buffer.of(0xff, 0xff), id3, Buffer.of(0xff), id3, Buffer.of(0, 0x0f)]);
  const tagged = Buffer.concat([Buffer.of(0x26, descriptor.length), descriptor]);
  const stream = Buffer.of(PRIVATE_STREAM_TYPE, ...pid(METADATA_PID), 0xf0, tagged.length);
  return Buffer.concat([Buffer.of(0, 1, ...CURRENT, ...pid(NO_PCR_PID), 0xf0, 0), stream, tagged]);
}

/** 13 bits behind three that are set. */
const pid = (number: number): number[] => [0xe0 | (number >> 8), number & 0xff];

/** With the pointer in front of a section that begins a packet, and its checksum. */
function table(id: number, content: Buffer): Buffer {
  const section = Buffer.concat([Buffer.of(id, 0xb0, content.length + 4), content, Buffer.alloc(4)]);
  section.writeUInt32BE(crc32(section.subarray(0, -4)), section.length - 4);
  return Buffer.concat([Buffer.of(0), section]);
}

/** That of MPEG: neither bytes nor result reflected. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** Its data begins with it, and its only optional field is its time. */
function pesPacket(atMs: number, data: Buffer): Buffer {
  const header = Buffer.of(0, 0, 1, PRIVATE_STREAM_1, 0, 0, 0x84, 0x80, 5, ...timestamp(atMs));
  header.writeUInt16BE(data.length + header.length - 6, 4);
  return Buffer.concat([header, data]);
}

/** 33 bits in three pieces, each with a bit behind it that is set. */
function timestamp(atMs: number): number[] {
  const ticks = BigInt(atMs) * BigInt(TICKS_PER_MS);
  const bits = (from: bigint, mask: bigint) => Number((ticks >> from) & mask);
  return [
    0x21 | (bits(30n, 0x7n) << 1),
    bits(22n, 0xffn),
    (bits(15n, 0x7fn) << 1) | 1,
    bits(7n, 0xffn),
    (bits(0n, 0x7fn) << 1) | 1,
  ];
}

class Packets {
  readonly #packets: Buffer[] = [];
  /** Of each stream, how many packets it has had. */
  readonly #counts = new Map<number, number>();

  get bytes(): Buffer {
    return Buffer.concat(this.#packets);
  }

  /** One unit of a stream, in as many packets as it takes; the last one is filled up in front of its payload. */
  add(pid: number, unit: Buffer): void {
    for (let from = 0; from < unit.length; from += PAYLOAD_BYTES) {
      const payload = unit.subarray(from, from + PAYLOAD_BYTES);
      const count = this.#counts.get(pid) ?? 0;
      this.#counts.set(pid, count + 1);
      const missing = PAYLOAD_BYTES - payload.length;
      const header = Buffer.of(
        0x47,
        (from === 0 ? 0x40 : 0) | (pid >> 8),
        pid & 0xff,
        (missing > 0 ? 0x30 : 0x10) | (count & 0x0f),
      );
      this.#packets.push(Buffer.concat([header, filling(missing), payload]));
    }
  }
}

/** An adaptation field of so many bytes that says nothing. */
function filling(bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  return Buffer.concat([Buffer.of(bytes - 1, 0), Buffer.alloc(bytes, 0xff)]).subarray(0, bytes);
}
