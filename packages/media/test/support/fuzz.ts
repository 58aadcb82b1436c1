import { EXTENSION_IDS, PAYLOAD_TYPES } from './rtp.js';

/** A sequence of numbers that a seed repeats (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  chance(part: number): boolean {
    return this.below(1_000) < part * 1_000;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** Mostly what breaks arithmetic. */
  number(bits: number): number {
    const largest = 2 ** bits - 1;
    return this.pick([
      0,
      1,
      2,
      3,
      largest,
      largest - 1,
      (largest + 1) / 2,
      this.below(largest),
      this.below(64),
    ]);
  }
}

/** A track of the hostile client; its numbers go on, so that packets pass the replay and source checks. */
export interface FuzzedTrack {
  mid: string;
  rid: string | undefined;
  ssrc: number;
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
}

const PAYLOAD_TYPE_OF = {
  ...PAYLOAD_TYPES,
  h264: 108,
  h264Rtx: 109,
  vp9: 98,
  vp9Rtx: 99,
  red: 63,
  unknown: 35,
};

export function fuzzedRtp(random: Random, track: FuzzedTrack): Buffer {
  track.sequenceNumber += random.chance(0.93) ? 1 : random.pick([2, 3, 17, 600, 20_000]);
  track.timestamp += random.chance(0.9) ? 3_000 : random.number(32);
  const ssrc = random.chance(0.95) ? track.ssrc : random.number(32);
  const payloadType = random.chance(0.8) ? track.payloadType : random.pick(Object.values(PAYLOAD_TYPE_OF));
  const csrcs = random.chance(0.95) ? 0 : random.below(16);
  const extensions = extensionBlock(random, track);
  const isPadded = random.chance(0.05);
  const header = Buffer.alloc(12 + csrcs * 4);
  header[0] = 0x80 | (isPadded ? 0x20 : 0) | (extensions.length > 0 ? 0x10 : 0) | csrcs;
  header[1] = (random.chance(0.4) ? 0x80 : 0) | payloadType;
  header.writeUInt16BE(track.sequenceNumber & 0xffff, 2);
  header.writeUInt32BE(track.timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc >>> 0, 8);
  const padding = isPadded ? Buffer.from([0, random.number(8)]) : Buffer.alloc(0);
  return Buffer.concat([header, extensions, mutate(random, payloadFor(random, payloadType)), padding]);
}

function extensionBlock(random: Random, track: FuzzedTrack): Buffer {
  if (random.chance(0.03)) return Buffer.alloc(0);
  const isTwoByte = random.chance(0.1);
  const mid = random.chance(0.97) ? Buffer.from(track.mid) : random.bytes(random.below(16) + 1);
  const elements: [number, Buffer][] = [[EXTENSION_IDS.mid, mid]];
  if (track.rid) {
    const rid = random.chance(0.97) ? Buffer.from(track.rid) : random.bytes(random.below(16) + 1);
    elements.push([random.chance(0.9) ? EXTENSION_IDS.rid : EXTENSION_IDS.repairedRid, rid]);
  }
  const wide = Buffer.alloc(2);
  wide.writeUInt16BE(random.chance(0.7) ? track.sequenceNumber & 0xffff : random.number(16));
  elements.push([EXTENSION_IDS.transportWide, wide]);
  elements.push([EXTENSION_IDS.absoluteSendTime, random.bytes(3)]);
  // Also extensions that were never agreed on, such as layers allocation (9) and dependency descriptor (12).
  while (random.chance(0.4)) {
    const longest = isTwoByte ? 40 : 16;
    elements.push([
      random.below(isTwoByte ? 20 : 14) + 1,
      random.bytes(random.below(longest) + (isTwoByte ? 0 : 1)),
    ]);
  }
  const body = Buffer.concat(
    elements.flatMap(([id, value]) => [
      isTwoByte ? Buffer.from([id, value.length]) : Buffer.from([(id << 4) | ((value.length - 1) & 0x0f)]),
      value,
    ]),
  );
  if (random.chance(0.05) && body.length > 0) body[random.below(body.length)] = random.number(8);
  const words = Math.ceil(body.length / 4);
  const block = Buffer.alloc(4 + words * 4);
  block.writeUInt16BE(isTwoByte ? 0x1000 : 0xbede, 0);
  block.writeUInt16BE(words, 2);
  body.copy(block, 4);
  return block;
}

/** Starts like a real payload of its codec, so that parsers are entered and not only their first check. */
function payloadFor(random: Random, payloadType: number): Buffer {
  const rest = random.bytes(random.below(random.chance(0.1) ? 1_100 : 60));
  switch (payloadType) {
    case PAYLOAD_TYPE_OF.vp8:
      return Buffer.concat([vp8Descriptor(random), rest]);
    case PAYLOAD_TYPE_OF.vp8Rtx:
      return Buffer.concat([random.bytes(random.below(3)), vp8Descriptor(random), rest]);
    case PAYLOAD_TYPE_OF.vp9:
    case PAYLOAD_TYPE_OF.vp9Rtx:
      return Buffer.concat([vp9Descriptor(random), rest]);
    case PAYLOAD_TYPE_OF.h264:
    case PAYLOAD_TYPE_OF.h264Rtx:
      return Buffer.concat([h264Start(random), rest]);
    default:
      return rest;
  }
}

function vp8Descriptor(random: Random): Buffer {
  const keyFrame = Buffer.from([
    random.chance(0.5) ? 0x10 : 0x11,
    0,
    0,
    0x9d,
    0x01,
    0x2a,
    ...random.bytes(4),
  ]);
  const extension = random.chance(0.8) ? Buffer.from([random.below(256)]) : Buffer.alloc(0);
  const first = Buffer.from([
    (extension.length > 0 ? 0x80 : 0) | (random.chance(0.8) ? 0x10 : 0) | random.below(16),
  ]);
  return Buffer.concat([first, extension, random.bytes(random.below(5)), keyFrame]);
}

function vp9Descriptor(random: Random): Buffer {
  // Flags I P L F B E V: any, with a scalability structure often.
  const flags = random.below(256) | (random.chance(0.3) ? 0x02 : 0);
  return Buffer.concat([Buffer.from([flags]), random.bytes(random.below(12))]);
}

function h264Start(random: Random): Buffer {
  const unit = random.pick([1, 5, 6, 7, 8, 9, 24, 25, 26, 27, 28, 29, 30, 31, 0]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(random.number(16));
  return Buffer.concat([Buffer.from([0x60 | unit]), unit === 24 ? size : Buffer.from([random.below(256)])]);
}

const RTCP_TYPES = [192, 193, 194, 195, 200, 201, 202, 203, 204, 205, 206, 207, 208, 223];

/** A compound of one to four packets with right, nearly right and wrong lengths. */
export function fuzzedRtcp(random: Random, ssrcs: readonly number[]): Buffer {
  const packets = Array.from({ length: random.below(4) + 1 }, () => rtcpPacket(random, ssrcs));
  const compound = Buffer.concat(packets);
  return random.chance(0.1) ? compound.subarray(0, Math.max(8, random.below(compound.length))) : compound;
}

function rtcpPacket(random: Random, ssrcs: readonly number[]): Buffer {
  const type = random.pick(RTCP_TYPES);
  const body = mutate(random, rtcpBody(random, type, ssrcs));
  const words = Math.ceil(body.length / 4);
  const packet = Buffer.alloc(4 + words * 4);
  packet[0] =
    0x80 | (random.chance(0.05) ? 0x20 : 0) | (random.chance(0.7) ? random.pick([1, 15]) : random.below(32));
  packet[1] = type;
  packet.writeUInt16BE(random.chance(0.85) ? words : random.pick([0, 1, 2, words + 1, 0xffff]), 2);
  body.copy(packet, 4);
  return packet;
}

function rtcpBody(random: Random, type: number, ssrcs: readonly number[]): Buffer {
  const ssrc = () => {
    const field = Buffer.alloc(4);
    field.writeUInt32BE((random.chance(0.8) ? random.pick(ssrcs) : random.number(32)) >>> 0);
    return field;
  };
  const fields = (count: number) => random.bytes(4 * count);
  switch (type) {
    case 200:
      return Buffer.concat([ssrc(), fields(5), ssrc(), fields(random.below(8))]);
    case 201:
      return Buffer.concat([ssrc(), ssrc(), fields(random.below(7))]);
    case 202:
      return Buffer.concat([
        ssrc(),
        Buffer.from([random.below(9), random.number(8)]),
        random.bytes(random.below(40)),
      ]);
    case 203:
      return Buffer.concat([ssrc(), random.bytes(random.below(12))]);
    case 204:
      return Buffer.concat([ssrc(), random.bytes(random.below(16))]).subarray(0, random.below(24));
    case 205:
      return Buffer.concat([ssrc(), ssrc(), random.bytes(random.below(60))]);
    case 206: {
      const remb = Buffer.concat([
        Buffer.from('REMB'),
        Buffer.from([random.number(8)]),
        random.bytes(3),
        ssrc(),
      ]);
      return Buffer.concat([ssrc(), ssrc(), random.chance(0.4) ? remb : random.bytes(random.below(40))]);
    }
    default:
      return Buffer.concat([ssrc(), random.bytes(random.below(40))]);
  }
}

/** Bits, lengths and ends; most packets stay as they are, so that the state behind the parsers moves on. */
function mutate(random: Random, bytes: Buffer): Buffer {
  let mutated = bytes;
  while (random.chance(0.25) && mutated.length > 0) {
    const at = random.below(mutated.length);
    const kind = random.below(3);
    if (kind === 0) mutated[at]! ^= 1 << random.below(8);
    else if (kind === 1) mutated[at] = random.number(8);
    else mutated = mutated.subarray(0, at);
  }
  return mutated;
}
