/** Header extension ids as Chromium numbers them; the offers of offers.ts use the same. */
export const EXTENSION_IDS = {
  audioLevel: 1,
  absoluteSendTime: 2,
  transportWide: 3,
  mid: 4,
  rid: 10,
  repairedRid: 11,
};

export const PAYLOAD_TYPES = { opus: 111, vp8: 96, vp8Rtx: 97 };

export interface RtpFields {
  payloadType: number;
  sequenceNumber: number;
  timestamp: number;
  ssrc: number;
  marker?: boolean;
  extensions?: { id: number; value: Buffer }[];
  payload: Buffer;
}

export function buildRtp(fields: RtpFields): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80 | (fields.extensions?.length ? 0x10 : 0);
  header[1] = (fields.marker ? 0x80 : 0) | fields.payloadType;
  header.writeUInt16BE(fields.sequenceNumber & 0xffff, 2);
  header.writeUInt32BE(fields.timestamp >>> 0, 4);
  header.writeUInt32BE(fields.ssrc >>> 0, 8);
  return Buffer.concat([header, buildExtensions(fields.extensions ?? []), fields.payload]);
}

function buildExtensions(extensions: { id: number; value: Buffer }[]): Buffer {
  if (extensions.length === 0) return Buffer.alloc(0);
  const elements = Buffer.concat(
    extensions.flatMap(({ id, value }) => [Buffer.from([(id << 4) | (value.length - 1)]), value]),
  );
  const words = Math.ceil(elements.length / 4);
  const block = Buffer.alloc(4 + words * 4);
  block.writeUInt16BE(0xbede, 0);
  block.writeUInt16BE(words, 2);
  elements.copy(block, 4);
  return block;
}

export interface ParsedRtp {
  payloadType: number;
  sequenceNumber: number;
  ssrc: number;
  mid: string | undefined;
  payload: Buffer;
}

export function isRtcp(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}

export function parseRtp(packet: Buffer): ParsedRtp {
  const first = packet[0]!;
  let offset = 12 + (first & 0x0f) * 4;
  let mid: string | undefined;
  if (first & 0x10) {
    const end = offset + 4 + packet.readUInt16BE(offset + 2) * 4;
    offset += 4;
    while (offset < end) {
      const id = packet[offset]! >> 4;
      const length = (packet[offset]! & 0x0f) + 1;
      offset += 1;
      if (id === 0) continue;
      if (id === EXTENSION_IDS.mid) mid = packet.toString('latin1', offset, offset + length);
      offset += length;
    }
    offset = end;
  }
  const padding = first & 0x20 ? packet.at(-1)! : 0;
  return {
    payloadType: packet[1]! & 0x7f,
    sequenceNumber: packet.readUInt16BE(2),
    ssrc: packet.readUInt32BE(8),
    mid,
    payload: packet.subarray(offset, packet.length - padding),
  };
}

/** One VP8 frame in one packet: descriptor with a 15-bit picture id, then the frame's own header and filling. */
export function vp8Payload(frame: {
  pictureId: number;
  keyFrame: boolean;
  size: number;
  fill?: number;
}): Buffer {
  const payload = Buffer.alloc(4 + 10 + frame.size, frame.fill ?? 0x55);
  payload[0] = 0x90; // X bit, start of partition 0
  payload[1] = 0x80; // I bit
  payload.writeUInt16BE(0x8000 | (frame.pictureId & 0x7fff), 2);
  payload[4] = frame.keyFrame ? 0x10 : 0x11; // P bit clear in a key frame, show_frame set
  payload[5] = 0;
  payload[6] = 0;
  if (frame.keyFrame) Buffer.from([0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00]).copy(payload, 7); // 320x180
  return payload;
}

/** Level in -dBov (0 is loudest, 127 is silence) with the voice bit. */
export function audioLevel(level: number, voice = true): { id: number; value: Buffer } {
  return { id: EXTENSION_IDS.audioLevel, value: Buffer.from([(voice ? 0x80 : 0) | level]) };
}

export function midExtension(mid: string): { id: number; value: Buffer } {
  return { id: EXTENSION_IDS.mid, value: Buffer.from(mid, 'latin1') };
}

export function ridExtension(rid: string): { id: number; value: Buffer } {
  return { id: EXTENSION_IDS.rid, value: Buffer.from(rid, 'latin1') };
}

/** Generic NACK for up to 17 packets from `sequenceNumber` on. */
export function nack(senderSsrc: number, mediaSsrc: number, sequenceNumber: number, followers = 0): Buffer {
  const feedback = Buffer.alloc(16);
  feedback[0] = 0x81;
  feedback[1] = 205;
  feedback.writeUInt16BE(3, 2);
  feedback.writeUInt32BE(senderSsrc, 4);
  feedback.writeUInt32BE(mediaSsrc, 8);
  feedback.writeUInt16BE(sequenceNumber & 0xffff, 12);
  feedback.writeUInt16BE(followers, 14);
  return feedback;
}

export function isPictureLossIndication(packet: Buffer): boolean {
  // Compound packets may start with a report; feedback of ours follows on 32-bit borders.
  for (let at = 0; at + 4 <= packet.length; at += (packet.readUInt16BE(at + 2) + 1) * 4) {
    if (packet[at + 1] === 206 && (packet[at]! & 0x1f) === 1) return true;
  }
  return false;
}
