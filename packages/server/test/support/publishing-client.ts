import { type AmfValue, writeAmf } from '../../src/ingest/rtmp/amf0.js';

const HANDSHAKE_BYTES = 1536;

export interface SentMessage {
  chunkStream: number;
  type: number;
  timestampMs: number;
  payload: Buffer;
}

/** A message with a header of the long kind, in chunks of a size. */
export function chunked(
  { chunkStream, type, timestampMs, payload }: SentMessage,
  chunkBytes: number,
): Buffer {
  const isExtended = timestampMs >= 0xffffff;
  const extended = Buffer.alloc(isExtended ? 4 : 0);
  if (isExtended) extended.writeUInt32BE(timestampMs);
  const header = Buffer.alloc(12);
  header.writeUInt8(chunkStream);
  header.writeUIntBE(Math.min(timestampMs, 0xffffff), 1, 3);
  header.writeUIntBE(payload.length, 4, 3);
  header.writeUInt8(type, 7);
  header.writeUInt32LE(1, 8);
  const parts: Buffer[] = [header, extended];
  for (let from = 0; from < payload.length; from += chunkBytes) {
    if (from > 0) parts.push(Buffer.of(0xc0 | chunkStream), extended);
    parts.push(payload.subarray(from, from + chunkBytes));
  }
  return Buffer.concat(parts);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const handshake = (): Buffer =>
  Buffer.concat([Buffer.of(3), Buffer.alloc(HANDSHAKE_BYTES, 1), Buffer.alloc(HANDSHAKE_BYTES, 2)]);

export const command = (...values: AmfValue[]): SentMessage => ({
  chunkStream: 3,
  type: 20,
  timestampMs: 0,
  payload: writeAmf(values),
});

/** What an encoder says until it may send. */
export function beginning(streamKey: string): Buffer {
  const properties = new Map<string, AmfValue>([
    ['app', 'live'],
    ['type', 'nonprivate'],
    ['tcUrl', 'rtmp://localhost:1935/live'],
  ]);
  const commands = [
    command('connect', 1, properties),
    command('releaseStream', 2, null, streamKey),
    command('FCPublish', 3, null, streamKey),
    command('createStream', 4, null),
    command('publish', 5, null, streamKey, 'live'),
  ];
  return Buffer.concat([handshake(), ...commands.map((one) => chunked(one, 128))]);
}
