import { connect, createServer, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY_WITHIN_MS, RATE_MAX_BYTES_PER_SECOND, RATE_WINDOW_MS, SILENCE_MAX_MS } from './limits.js';
import { Ffmpeg } from './program.js';

/** How much ffmpeg looks at before it goes on, in microseconds. */
const ANALYSE_US = '1000000';
const LISTENS_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 25;
/** ffmpeg takes every stream in, and says at this one's name that it is none that it waits for. */
const NOBODYS_NAME = '-';
const NAME_LINE = /Unexpected stream (\S+), expecting -$/;

export interface RtmpListeners {
  /** The stream key that the encoder sends to. Its picture and sound wait until `media` is read. */
  onKey(streamKey: string): void;
  /** Once, after everything that has come was passed on. */
  onEnd(reason: string): void;
}

/**
 * One connection of one encoder. The server itself reads none of its bytes: they go to an ffmpeg that serves this
 * connection alone, so whatever somebody sends to break the reading of RTMP ends nothing but his own connection.
 */
export class RtmpConnection {
  readonly #ffmpeg: Ffmpeg;
  #inner: Socket | null = null;
  #reason: string | null = null;
  #hasKey = false;
  #windowBytes = 0;
  #windowSinceMs = performance.now();
  readonly #limit: NodeJS.Timeout;

  private constructor(
    private readonly outer: Socket,
    program: string,
    private readonly port: number,
    private readonly listeners: RtmpListeners,
  ) {
    const input = [
      '-analyzeduration',
      ANALYSE_US,
      '-listen',
      '1',
      '-i',
      `rtmp://127.0.0.1:${port}/live/${NOBODYS_NAME}`,
    ];
    const output = [
      '-map',
      '0:v:0?',
      '-map',
      '0:a:0?',
      '-c',
      'copy',
      '-flush_packets',
      '1',
      '-f',
      'mpegts',
      'pipe:1',
    ];
    this.#ffmpeg = new Ffmpeg(program, ['-v', 'repeat+warning', ...input, ...output], (line) =>
      this.#hear(line),
    );
    void this.#ffmpeg.ended.then((how) => {
      this.end(how);
      listeners.onEnd(this.#reason!);
    });
    this.#limit = setTimeout(() => this.end('No key within the time for it'), KEY_WITHIN_MS);
    outer.setTimeout(SILENCE_MAX_MS, () => this.end('Nothing comes any more'));
    outer.on('error', () => {});
    outer.on('close', () => this.end('The encoder is gone'));
  }

  static async take(socket: Socket, program: string, listeners: RtmpListeners): Promise<RtmpConnection> {
    const connection = new RtmpConnection(socket, program, await freePort(), listeners);
    void connection.#lead();
    return connection;
  }

  /** Picture and sound as an MPEG transport stream. */
  get media(): Readable {
    return this.#ffmpeg.stdout;
  }

  end(reason: string): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    clearTimeout(this.#limit);
    this.outer.destroy();
    this.#inner?.end();
    // It ends by itself with the connection; one that nobody has reached would wait for ever.
    if (!this.#hasKey) this.#ffmpeg.kill();
    else void this.#ffmpeg.finish();
  }

  /** Ties the two sides together as soon as ffmpeg listens. */
  async #lead(): Promise<void> {
    const until = performance.now() + LISTENS_WITHIN_MS;
    while (this.#reason === null) {
      const inner = await connected(this.port);
      if (inner) return this.#tie(inner);
      if (performance.now() > until) return this.end('ffmpeg does not listen');
      await sleep(LOOK_EVERY_MS);
    }
  }

  #tie(inner: Socket): void {
    this.#inner = inner;
    inner.on('error', () => {});
    inner.on('close', () => this.end('ffmpeg has closed the connection'));
    this.outer.on('data', (bytes) => this.#count(bytes.length));
    this.outer.pipe(inner).pipe(this.outer);
  }

  #hear(line: string): void {
    const name = NAME_LINE.exec(line)?.[1];
    if (!name || this.#hasKey || this.#reason !== null) return;
    this.#hasKey = true;
    clearTimeout(this.#limit);
    this.listeners.onKey(name);
  }

  #count(bytes: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#windowSinceMs > RATE_WINDOW_MS) {
      this.#windowBytes = 0;
      this.#windowSinceMs = nowMs;
    }
    this.#windowBytes += bytes;
    if (this.#windowBytes > (RATE_MAX_BYTES_PER_SECOND * RATE_WINDOW_MS) / 1000)
      this.end('It sends too fast');
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}

/** Null when nobody listens there yet. */
function connected(port: number): Promise<Socket | null> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(socket));
    socket.once('error', () => done(null));
  });
}
