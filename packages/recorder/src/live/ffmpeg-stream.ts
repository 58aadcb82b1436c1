import { type ChildProcess, spawn } from 'node:child_process';

/** What a stream may lag behind before it is given up, in bytes; some 20 seconds at 720p. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const COMPLAINT_CHARS = 500;

export interface StreamListeners {
  /** What ffmpeg writes to its standard output. */
  onOutput?(data: Uint8Array): void;
  /** ffmpeg is gone, with what it said last. */
  onEnd(reason: string): void;
}

/** An ffmpeg that is fed as the recording goes on. */
export class FfmpegStream {
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  #complaint = '';

  constructor(program: string, args: readonly string[], listeners: StreamListeners) {
    this.#child = spawn(program, ['-nostdin', '-hide_banner', '-v', 'error', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin!.on('error', () => {});
    this.#child.stdout!.on('data', (data: Uint8Array) => listeners.onOutput?.(data));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_CHARS);
    });
    this.ended = new Promise((ended) => {
      const end = (how: string) => {
        listeners.onEnd(this.#complaint.trim().split('\n').at(-1) || how);
        ended();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('close', (code, signal) => end(`ffmpeg ended with ${signal ?? `code ${code}`}`));
    });
  }

  write(data: Uint8Array): void {
    const { stdin } = this.#child;
    if (!stdin?.writable) return;
    if (stdin.writableLength > MAX_WAITING_BYTES) {
      this.#complaint = 'It takes the stream too slowly.';
      this.kill();
    } else {
      stdin.write(data);
    }
  }

  /** Lets it finish what it has, and ends it when that takes too long. */
  async end(withinMs: number): Promise<void> {
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.kill(), withinMs);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
