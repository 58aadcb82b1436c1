import { FfmpegStream } from './ffmpeg-stream.js';

const RETRY_AFTER_MS = [1_000, 2_000, 5_000, 10_000];
/** How much ffmpeg looks at before it goes on, in microseconds. */
const ANALYSE_US = '1000000';
/** Time to say goodbye at the end. */
const END_WITHIN_MS = 3_000;

export interface SinkListeners {
  onLive(): void;
  onFailed(reason: string): void;
}

/**
 * One place where the stream goes to while it is made. What it takes is an MPEG transport stream, which can be entered
 * at any packet, so a sink that fails is opened again and goes on from there; no other sink and no file notices.
 */
export class Sink {
  #stream: FfmpegStream | null = null;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  /** @param output ffmpeg's arguments after the input. */
  constructor(
    private readonly program: string,
    private readonly output: readonly string[],
    private readonly listeners: SinkListeners,
  ) {
    this.#open();
  }

  write(packets: Uint8Array): void {
    this.#stream?.write(packets);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry) clearTimeout(this.#retry);
    await this.#stream?.end(END_WITHIN_MS);
  }

  #open(): void {
    let isLive = false;
    const input = [
      '-fflags',
      '+genpts+discardcorrupt',
      '-analyzeduration',
      ANALYSE_US,
      '-f',
      'mpegts',
      '-i',
      'pipe:0',
    ];
    const args = [...input, '-map', '0', '-c', 'copy'];
    this.#stream = new FfmpegStream(this.program, ['-progress', 'pipe:1', ...args, ...this.output], {
      onOutput: (progress) => {
        // ffmpeg tells its progress from the beginning, and a size only once the other side has taken something.
        if (isLive || !/total_size=[1-9]|out_time_us=[1-9]/.test(Buffer.from(progress).toString())) return;
        isLive = true;
        this.#failures = 0;
        this.listeners.onLive();
      },
      onEnd: (reason) => this.#ended(reason),
    });
  }

  #ended(reason: string): void {
    this.#stream = null;
    if (this.#closed) return;
    this.listeners.onFailed(reason);
    const afterMs = RETRY_AFTER_MS[Math.min(this.#failures, RETRY_AFTER_MS.length - 1)]!;
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#open(), afterMs);
  }
}
