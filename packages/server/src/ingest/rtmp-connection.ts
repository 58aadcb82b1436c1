import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { FINISH_WITHIN_MS, type IngestLimits, RATE_WINDOW_MS, UNREAD_MAX_BYTES } from './limits.js';
import { RtmpError } from './rtmp/errors.js';
import { Publisher } from './rtmp/publisher.js';

export interface RtmpListeners {
  /** The stream key that the encoder sends to. It waits for `accept` or `refuse`. */
  onKey(streamKey: string): void;
  /** Once, when the connection is closed and everything that has come was passed on. */
  onEnd(reason: string): void;
}

/** One connection of one encoder, by TCP or by TLS; whatever is sent to it ends nothing else. */
export class RtmpConnection {
  readonly #publisher: Publisher;
  #media: Writable | null = null;
  #reason: string | null = null;
  #windowBytes = 0;
  #windowSinceMs = performance.now();
  /** Of the time to show a key, or to hear that it may not be used. */
  #limit: NodeJS.Timeout;

  constructor(
    private readonly socket: Socket,
    private readonly limits: IngestLimits,
    listeners: RtmpListeners,
  ) {
    this.#publisher = new Publisher({
      send: (bytes) => this.#send(bytes),
      onKey: (streamKey) => {
        socket.pause();
        listeners.onKey(streamKey);
      },
      onMedia: (flv) => this.#passOn(flv),
      onDone: () => this.end('The encoder has finished'),
    });
    this.#limit = setTimeout(() => this.end('No key within the time for it'), limits.keyWithinMs);
    socket.setTimeout(limits.silenceMaxMs, () => this.end('Nothing comes any more'));
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', (error) => this.end(error.message));
    socket.once('close', () => {
      this.end('The encoder is gone');
      listeners.onEnd(this.#reason!);
    });
  }

  /** Lets picture and sound through, as FLV. */
  accept(media: Writable): void {
    if (this.#reason !== null) return;
    clearTimeout(this.#limit);
    this.#media = media;
    media.on('drain', () => this.socket.resume());
    this.socket.resume();
    this.#guarded(() => this.#publisher.accept());
  }

  /** Says that the key may not be used, and ends it. */
  refuse(reason: string): void {
    if (this.#reason !== null) return;
    this.#publisher.refuse(reason);
    this.#reason = reason;
    // Whatever still comes is thrown away, so that the other side's end is seen.
    this.socket.resume().end();
    clearTimeout(this.#limit);
    this.#limit = setTimeout(() => this.socket.destroy(), FINISH_WITHIN_MS);
  }

  /** The first reason counts. */
  end(reason: string): void {
    this.#reason ??= reason;
    clearTimeout(this.#limit);
    this.socket.destroy();
  }

  #take(bytes: Buffer): void {
    if (this.#reason !== null) return;
    this.#count(bytes.length);
    this.#guarded(() => this.#publisher.take(bytes));
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof RtmpError)) throw error;
      this.end(error.message);
    }
  }

  /** ffmpeg takes as much as it can; the encoder waits meanwhile. */
  #passOn(flv: Buffer): void {
    if (this.#media?.writable && !this.#media.write(flv)) this.socket.pause();
  }

  #send(bytes: Buffer): void {
    if (this.#reason !== null) return;
    this.socket.write(bytes);
    if (this.socket.writableLength > UNREAD_MAX_BYTES) this.end('It does not read what it is told');
  }

  #count(bytes: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#windowSinceMs > RATE_WINDOW_MS) {
      this.#windowBytes = 0;
      this.#windowSinceMs = nowMs;
    }
    this.#windowBytes += bytes;
    if (this.#windowBytes > (this.limits.rateMaxBytesPerSecond * RATE_WINDOW_MS) / 1000)
      this.end('It sends too fast');
  }
}
