import { RtmpError } from './errors.js';

/** The kinds of messages that are used here. */
export const MESSAGE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  windowSize: 5,
  peerBandwidth: 6,
  audio: 8,
  video: 9,
  amf3Command: 17,
  command: 20,
} as const;

export interface RtmpMessage {
  type: number;
  timestampMs: number;
  payload: Buffer;
}

/** What both sides begin with. */
const CHUNK_BYTES_AT_FIRST = 128;
/** Smaller chunks would be more headers than content. */
const CHUNK_MIN_BYTES = 128;
/** Encoders use up to six. */
const CHUNK_STREAMS_MAX = 32;
/** A message is not given more room than this before its bytes are there. */
const ROOM_AT_FIRST_BYTES = 4 * 1024;
const MESSAGE_HEADER_BYTES = [11, 7, 3, 0] as const;
const EXTENDED_TIMESTAMP = 0xffffff;

/** The messages of one chunk stream, one after the other; each header leaves out what is as in the one before. */
interface ChunkStream {
  timestampMs: number;
  /** As the last header said it: the time itself or what is to be added to it. */
  timestampField: number;
  hasExtendedTimestamp: boolean;
  length: number;
  type: number;
  /** What has come of the message under way. */
  held: Buffer;
  heldBytes: number;
}

interface Chunk {
  stream: ChunkStream;
  /** Of its content. */
  leftBytes: number;
}

/**
 * Puts the messages of RTMP together from the chunks in which they come (section 5.3 of Adobe's specification 1.0). What
 * it keeps is bounded: the bytes of messages under way, and not what their headers announce.
 */
export class ChunkReader {
  /** Bytes that nothing was made of yet. */
  #rest: Buffer = Buffer.alloc(0);
  #chunkBytes = CHUNK_BYTES_AT_FIRST;
  readonly #streams = new Map<number, ChunkStream>();
  #chunk: Chunk | null = null;

  /** @param messageMaxBytes of all messages under way together; may be changed at any time. */
  constructor(public messageMaxBytes: number) {}

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
  }

  /** The next message; null until more bytes are there. Throws RtmpError for what is no RTMP. */
  next(): RtmpMessage | null {
    for (;;) {
      this.#chunk ??= this.#header();
      if (!this.#chunk || !this.#content(this.#chunk)) return null;
      const { stream } = this.#chunk;
      this.#chunk = null;
      if (stream.heldBytes < stream.length) continue;
      const { type, timestampMs, held } = stream;
      const payload = held.subarray(0, stream.length);
      stream.held = Buffer.alloc(0);
      stream.heldBytes = 0;
      if (type === MESSAGE.setChunkSize) this.#setChunkSize(payload);
      else if (type === MESSAGE.abort) this.#abort(payload);
      else return { type, timestampMs, payload };
    }
  }

  /** Null as long as it is not whole. */
  #header(): Chunk | null {
    const bytes = this.#rest;
    if (bytes.length === 0) return null;
    const shortId = bytes[0]! & 0x3f;
    const idBytes = shortId < 2 ? 2 + shortId : 1;
    const fieldsBytes = MESSAGE_HEADER_BYTES[(bytes[0]! >> 6) as 0 | 1 | 2 | 3];
    const shortBytes = idBytes + fieldsBytes;
    if (bytes.length < shortBytes) return null;
    const id = shortId === 0 ? 64 + bytes[1]! : shortId === 1 ? 64 + bytes.readUInt16LE(1) : shortId;
    const known = this.#streams.get(id);
    if (!known && fieldsBytes !== 11) throw new RtmpError('A chunk goes on with what was never begun');
    const field = fieldsBytes === 0 ? known!.timestampField : bytes.readUIntBE(idBytes, 3);
    const hasExtended = fieldsBytes === 0 ? known!.hasExtendedTimestamp : field === EXTENDED_TIMESTAMP;
    const headerBytes = shortBytes + (hasExtended ? 4 : 0);
    if (bytes.length < headerBytes) return null;

    const stream = known ?? this.#newStream(id);
    const isContinued = stream.heldBytes > 0;
    if (isContinued && fieldsBytes > 0) throw new RtmpError('A message begins before the last one has ended');
    if (fieldsBytes > 0) {
      stream.timestampField = hasExtended ? bytes.readUInt32BE(shortBytes) : field;
      stream.hasExtendedTimestamp = hasExtended;
    }
    if (fieldsBytes >= 7) {
      stream.length = bytes.readUIntBE(idBytes + 3, 3);
      stream.type = bytes[idBytes + 6]!;
    }
    if (!isContinued) {
      const since = fieldsBytes === 11 ? 0 : stream.timestampMs;
      stream.timestampMs = (since + stream.timestampField) >>> 0;
    }
    if (stream.length > this.messageMaxBytes) throw new RtmpError('A message is too long');
    this.#rest = bytes.subarray(headerBytes);
    return { stream, leftBytes: Math.min(this.#chunkBytes, stream.length - stream.heldBytes) };
  }

  #newStream(id: number): ChunkStream {
    if (this.#streams.size === CHUNK_STREAMS_MAX) throw new RtmpError('There are too many chunk streams');
    const stream: ChunkStream = {
      timestampMs: 0,
      timestampField: 0,
      hasExtendedTimestamp: false,
      length: 0,
      type: 0,
      held: Buffer.alloc(0),
      heldBytes: 0,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  /** Takes what is there of a chunk's content; true when it is whole. */
  #content(chunk: Chunk): boolean {
    const { stream } = chunk;
    const taken = this.#rest.subarray(0, chunk.leftBytes);
    const neededBytes = stream.heldBytes + taken.length;
    if (neededBytes > stream.held.length) {
      const roomBytes = Math.max(neededBytes, 2 * stream.held.length, ROOM_AT_FIRST_BYTES);
      const held = Buffer.alloc(Math.min(stream.length, roomBytes));
      stream.held.copy(held, 0, 0, stream.heldBytes);
      stream.held = held;
    }
    taken.copy(stream.held, stream.heldBytes);
    stream.heldBytes = neededBytes;
    chunk.leftBytes -= taken.length;
    this.#rest = this.#rest.subarray(taken.length);
    if (this.#heldBytes > this.messageMaxBytes) throw new RtmpError('Too many messages are under way');
    return chunk.leftBytes === 0;
  }

  get #heldBytes(): number {
    let bytes = 0;
    for (const { heldBytes } of this.#streams.values()) bytes += heldBytes;
    return bytes;
  }

  #setChunkSize(payload: Buffer): void {
    const bytes = payload.length < 4 ? 0 : payload.readUInt32BE() & 0x7fffffff;
    if (bytes < CHUNK_MIN_BYTES) throw new RtmpError('Its chunks are too small');
    this.#chunkBytes = bytes;
  }

  /** The rest of a message does not come. */
  #abort(payload: Buffer): void {
    if (payload.length < 4) throw new RtmpError('A message is too short');
    const stream = this.#streams.get(payload.readUInt32BE());
    if (!stream) return;
    stream.held = Buffer.alloc(0);
    stream.heldBytes = 0;
  }
}

/** A message as chunks of the size that both sides begin with. Chunk streams are 2 for the connection, 3 for commands. */
export function writeMessage(chunkStream: 2 | 3, type: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(chunkStream);
  header.writeUIntBE(payload.length, 4, 3);
  header.writeUInt8(type, 7);
  header.writeUInt32LE(streamId, 8);
  const parts: Buffer[] = [header];
  for (let from = 0; from < payload.length; from += CHUNK_BYTES_AT_FIRST) {
    if (from > 0) parts.push(Buffer.of(0xc0 | chunkStream));
    parts.push(payload.subarray(from, from + CHUNK_BYTES_AT_FIRST));
  }
  return Buffer.concat(parts);
}
