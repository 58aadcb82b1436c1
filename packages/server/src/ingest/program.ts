import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { FINISH_WITHIN_MS } from './limits.js';

const COMPLAINT_CHARS = 500;

/** An ffmpeg that is fed through a pipe. It gets nothing of the server's environment. */
export class Ffmpeg {
  /** Resolves with what it said last; never rejects. */
  readonly ended: Promise<string>;
  readonly stdin: Writable;
  readonly #child: ChildProcess;
  #complaint = '';

  constructor(program: string, args: readonly string[]) {
    const child = spawn(program, ['-nostdin', '-hide_banner', ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH ?? '' },
    });
    this.#child = child;
    this.stdin = child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_CHARS);
    });
    this.ended = new Promise((ended) => {
      const end = (how: string) => ended(this.#complaint.trim().split('\n').at(-1) || how);
      child.once('error', (error) => end(error.message));
      child.once('close', (code, signal) => end(`ffmpeg ended with ${signal ?? `code ${code}`}`));
    });
  }

  /** Lets it finish what it has, and ends it when that takes too long. */
  async finish(): Promise<void> {
    this.stdin.end();
    const timer = setTimeout(() => this.kill(), FINISH_WITHIN_MS);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
