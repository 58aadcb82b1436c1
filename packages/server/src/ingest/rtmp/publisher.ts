import { randomBytes } from 'node:crypto';
import { type AmfValue, readAmf, writeAmf } from './amf0.js';
import { ChunkReader, MESSAGE, type RtmpMessage, writeMessage } from './chunks.js';
import { RtmpError } from './errors.js';
import { flvHeader, flvTag } from './flv.js';

const VERSION = 3;
const HANDSHAKE_BYTES = 1536;
/** Of commands, and of everything until a key is shown. */
const COMMAND_MAX_BYTES = 16 * 1024;
const UNTIL_KEY_MAX_BYTES = 256 * 1024;
/** A key frame of 48 Mbit/s has about two. */
const FRAME_MAX_BYTES = 8 * 1024 * 1024;
/** We ask for an acknowledgement after this, and do not wait for it. */
const WINDOW_BYTES = 2_500_000;
/** There is one stream in a connection. */
const STREAM_ID = 1;

export interface PublisherListeners {
  send(bytes: Buffer): void;
  /** The stream key that somebody wants to send to; nothing more is read until `accept` or `refuse`. */
  onKey(streamKey: string): void;
  /** Picture and sound as FLV, from its header on. */
  onMedia(flv: Buffer): void;
  /** He says that nothing more comes. */
  onDone(): void;
}

type Phase = 'greeting' | 'greeted' | 'commands' | 'judged' | 'publishing' | 'over';

/**
 * The server's side of RTMP for one that publishes (Adobe's specification 1.0), as bytes in and bytes out. Of what is
 * sent it understands the names of commands and the stream key; picture and sound pass through unread.
 */
export class Publisher {
  #phase: Phase = 'greeting';
  #greeting: Buffer = Buffer.alloc(0);
  #takenBytes = 0;
  #acknowledgedBytes = 0;
  /** The other side wants to hear how much has come, each time that so much has. */
  #acknowledgeEvery: number | null = null;
  readonly #chunks = new ChunkReader(COMMAND_MAX_BYTES);

  constructor(private readonly listeners: PublisherListeners) {}

  /** Throws RtmpError for what is no RTMP, and when there is too much before a key. */
  take(bytes: Buffer): void {
    this.#takenBytes += bytes.length;
    if (this.#phase !== 'publishing' && this.#takenBytes > UNTIL_KEY_MAX_BYTES) {
      throw new RtmpError('It sends too much before its key');
    }
    this.#acknowledge();
    const rest = this.#phase === 'greeting' || this.#phase === 'greeted' ? this.#greet(bytes) : bytes;
    this.#chunks.push(rest);
    this.#read();
  }

  /** The key may be used: picture and sound may come. */
  accept(): void {
    if (this.#phase !== 'judged') return;
    this.#phase = 'publishing';
    this.#chunks.messageMaxBytes = FRAME_MAX_BYTES;
    this.#tellStatus('status', 'NetStream.Publish.Start', 'Publishing');
    this.listeners.onMedia(flvHeader());
    this.#read();
  }

  /** The key may not be used, which encoders show to the person in front of them. */
  refuse(reason: string): void {
    if (this.#phase !== 'judged') return;
    this.#phase = 'over';
    this.#tellStatus('error', 'NetStream.Publish.BadName', reason);
  }

  /** The handshake: 1 + 1536 bytes of theirs are answered with 1 + 1536 + 1536, and once more they send 1536. */
  #greet(bytes: Buffer): Buffer {
    this.#greeting = Buffer.concat([this.#greeting, bytes]);
    if (this.#greeting[0] !== VERSION) throw new RtmpError('It is no RTMP');
    if (this.#phase === 'greeting' && this.#greeting.length > HANDSHAKE_BYTES) {
      this.#phase = 'greeted';
      const own = Buffer.concat([Buffer.alloc(8), randomBytes(HANDSHAKE_BYTES - 8)]);
      const theirs = this.#greeting.subarray(1, 1 + HANDSHAKE_BYTES);
      this.listeners.send(Buffer.concat([Buffer.of(VERSION), own, theirs]));
    }
    if (this.#greeting.length < 1 + 2 * HANDSHAKE_BYTES) return Buffer.alloc(0);
    const rest = this.#greeting.subarray(1 + 2 * HANDSHAKE_BYTES);
    this.#greeting = Buffer.alloc(0);
    this.#phase = 'commands';
    return rest;
  }

  #read(): void {
    while (this.#phase === 'commands' || this.#phase === 'publishing') {
      const message = this.#chunks.next();
      if (!message) return;
      this.#hear(message);
    }
  }

  #hear(message: RtmpMessage): void {
    const { type, payload } = message;
    switch (type) {
      case MESSAGE.audio:
      case MESSAGE.video:
        if (this.#phase === 'publishing' && payload.length > 0) this.listeners.onMedia(flvTag(message));
        return;
      case MESSAGE.command:
        this.#obey(payload);
        return;
      case MESSAGE.amf3Command:
        // A zero, and then what the other kind has too.
        this.#obey(payload.subarray(1));
        return;
      case MESSAGE.windowSize:
        this.#acknowledgeEvery = payload.length < 4 ? null : payload.readUInt32BE();
        return;
      default:
        // Titles and other data, answers to what we have set, and what later versions may bring.
        return;
    }
  }

  #obey(payload: Buffer): void {
    if (payload.length > COMMAND_MAX_BYTES) throw new RtmpError('A command is too long');
    const [name, transaction, , ...args] = readAmf(payload);
    if (typeof name !== 'string' || typeof transaction !== 'number') throw new RtmpError('It is no command');
    switch (name) {
      case 'connect':
        this.#connect(transaction);
        return;
      case 'createStream':
        this.#answer(transaction, STREAM_ID);
        return;
      case 'publish':
        this.#publish(args[0]);
        return;
      case 'play':
        throw new RtmpError('There is nothing to watch by RTMP');
      case 'deleteStream':
      case 'closeStream':
        if (this.#phase === 'publishing') this.listeners.onDone();
        return;
      default:
        // `releaseStream`, `FCPublish` and the like, which mean nothing here; some wait for the answer.
        if (transaction > 0) this.#answer(transaction, null);
    }
  }

  #connect(transaction: number): void {
    const window = Buffer.alloc(4);
    window.writeUInt32BE(WINDOW_BYTES);
    this.listeners.send(writeMessage(2, MESSAGE.windowSize, 0, window));
    // 2: it is only a proposal.
    this.listeners.send(writeMessage(2, MESSAGE.peerBandwidth, 0, Buffer.concat([window, Buffer.of(2)])));
    const properties = new Map<string, AmfValue>([
      ['fmsVer', 'FMS/3,0,1,123'],
      ['capabilities', 31],
    ]);
    const information = new Map<string, AmfValue>([
      ['level', 'status'],
      ['code', 'NetConnection.Connect.Success'],
      ['description', 'Connection succeeded.'],
      ['objectEncoding', 0],
    ]);
    this.#command(0, ['_result', transaction, properties, information]);
  }

  #publish(streamKey: AmfValue | undefined): void {
    if (this.#phase !== 'commands') throw new RtmpError('It sends two streams');
    if (typeof streamKey !== 'string') throw new RtmpError('It shows no key');
    this.#phase = 'judged';
    this.listeners.onKey(streamKey);
  }

  #answer(transaction: number, value: AmfValue): void {
    this.#command(0, ['_result', transaction, null, value]);
  }

  #tellStatus(level: 'status' | 'error', code: string, description: string): void {
    const information = new Map<string, AmfValue>([
      ['level', level],
      ['code', code],
      ['description', description],
    ]);
    this.#command(STREAM_ID, ['onStatus', 0, null, information]);
  }

  #command(streamId: number, values: readonly AmfValue[]): void {
    this.listeners.send(writeMessage(3, MESSAGE.command, streamId, writeAmf(values)));
  }

  #acknowledge(): void {
    const every = this.#acknowledgeEvery;
    if (every === null || this.#takenBytes - this.#acknowledgedBytes < every) return;
    this.#acknowledgedBytes = this.#takenBytes;
    const taken = Buffer.alloc(4);
    taken.writeUInt32BE(this.#takenBytes % 2 ** 32);
    this.listeners.send(writeMessage(2, MESSAGE.acknowledgement, 0, taken));
  }
}
