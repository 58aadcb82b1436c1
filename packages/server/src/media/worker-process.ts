import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import type {
  FromWorker,
  MediaAnswer,
  MediaArguments,
  MediaEvent,
  MediaRequestName,
  WorkerSettings,
} from '@parley/media';
import type { Logger } from 'pino';
import { MediaError } from './media-pool.js';
import { WorkerLog } from './worker-log.js';

/** The client's own limit for M+16 is 5 s, and an answer to M+1 has to leave time for ICE (protocol.md 6.1). */
export const REQUEST_LIMIT_MS = 5_000;

const entry = createRequire(import.meta.url).resolve('@parley/media/worker');

interface OpenRequest {
  resolve(answer: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

interface Listeners {
  onEvent(event: MediaEvent): void;
  /** Called once, when the process is gone or of no use any more. */
  onExit(reason: string): void;
}

/** One child process: its channel, its output and the requests that wait for it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, OpenRequest>();
  readonly #listeners: Listeners;
  #nextId = 1;
  #gone = false;
  #lastLine = '';

  constructor(settings: WorkerSettings, log: Logger, listeners: Listeners) {
    this.#listeners = listeners;
    this.#child = fork(entry, [JSON.stringify(settings)], {
      // Nothing of the server's environment, with its secrets, belongs into the process with the native code.
      env: {},
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) new WorkerLog((line) => this.#print(line, log)).follow(stream);
    }
    this.#child.on('message', (message: FromWorker) => this.#receive(message));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('disconnect', () => this.kill());
    this.#child.on('exit', (code, signal) => this.#end(signal ?? `code ${code}`));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** What the process printed last, for the reason of a start that failed. */
  get lastLine(): string {
    return this.#lastLine;
  }

  request<N extends MediaRequestName>(
    name: N,
    args: MediaArguments<N>,
    limitMs = REQUEST_LIMIT_MS,
  ): Promise<MediaAnswer<N>> {
    if (this.#gone) return Promise.reject(new MediaError('worker_lost', 'The media worker is gone.'));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#open.delete(id);
        reject(new MediaError('timeout', `The media worker did not answer ${name} within ${limitMs} ms.`));
      }, limitMs);
      this.#open.set(id, { resolve: resolve as (answer: unknown) => void, reject, timer });
      // A channel that broke a moment ago reports by its own events.
      this.#child.send({ id, name, args }, () => {});
    });
  }

  /** The process keeps nothing worth saving, so it ends at once; onExit follows. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the process is gone. */
  exited(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (this.#child.pid === undefined || exitCode !== null || signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  #print(line: string, log: Logger): void {
    this.#lastLine = line;
    log.warn({ pid: this.pid }, `media worker: ${line}`);
  }

  #receive(message: FromWorker): void {
    if (this.#gone) return;
    if ('event' in message) {
      this.#listeners.onEvent(message.event);
      return;
    }
    const request = this.#open.get(message.id);
    if (!request) return;
    this.#open.delete(message.id);
    clearTimeout(request.timer);
    if (message.ok) request.resolve(message.answer);
    else request.reject(new MediaError(message.code, message.error));
  }

  #end(reason: string): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const { reject, timer } of this.#open.values()) {
      clearTimeout(timer);
      reject(new MediaError('worker_lost', 'The media worker was lost.'));
    }
    this.#open.clear();
    this.#listeners.onExit(reason);
  }
}
