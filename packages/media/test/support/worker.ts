import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  FromWorker,
  MediaAnswer,
  MediaArguments,
  MediaErrorCode,
  MediaEvent,
  MediaRequestName,
} from '../../src/rpc.js';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));
const entry = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

/** A small heap is collected often, so that the memory of a process tells what it holds and not when it collects. */
export const SMALL_HEAP = ['--max-old-space-size=64', '--max-semi-space-size=2'];

class RequestFailed extends Error {
  constructor(
    readonly code: MediaErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** A real worker process, spoken to as the server does. */
export class TestWorker {
  readonly events: MediaEvent[] = [];
  /** What the process printed; only its last part is kept. */
  output = '';
  readonly process: ChildProcess;
  #nextId = 1;
  readonly #open = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  readonly #waiting = new Set<() => void>();

  /** Compiles the package first, because a child process cannot run the sources. */
  static async start(
    settings: { port?: number; announcedIps?: string[] } = {},
    execArgv: string[] = [],
  ): Promise<TestWorker> {
    execFileSync('npx', ['tsc', '-b', 'packages/media'], { cwd: repository, stdio: 'inherit' });
    const worker = new TestWorker({ port: 0, announcedIps: ['127.0.0.1'], ...settings }, execArgv);
    await worker.event((event) => event.type === 'ready');
    return worker;
  }

  private constructor(settings: object, execArgv: string[]) {
    this.process = fork(entry, [JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv,
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-20_000);
      });
    }
    this.process.on('message', (message: FromWorker) => this.#receive(message));
    this.process.on('exit', () => {
      for (const { reject } of this.#open.values()) reject(new Error('The worker exited.'));
      this.#open.clear();
      for (const check of this.#waiting) check();
    });
  }

  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  request<N extends MediaRequestName>(name: N, args: MediaArguments<N>): Promise<MediaAnswer<N>> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.process.send({ id, name, args });
    });
  }

  /** The first event that fits, past or coming. */
  async event(fits: (event: MediaEvent) => boolean, limitMs = 20_000): Promise<MediaEvent> {
    await this.until(() => this.events.some(fits), limitMs);
    return this.events.find(fits)!;
  }

  /** Looks again after every message of the worker. */
  until(condition: () => boolean, limitMs = 20_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        end();
      };
      const check = () => {
        if (condition()) finish(resolve);
        else if (!this.alive) finish(() => reject(new Error(`The worker exited.\n${this.output}`)));
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`Waited in vain.\n${this.output}`))),
        limitMs,
      );
      this.#waiting.add(check);
      check();
    });
  }

  async stop(): Promise<void> {
    if (!this.alive) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }

  #receive(message: FromWorker): void {
    if ('event' in message) {
      this.events.push(message.event);
    } else {
      const request = this.#open.get(message.id);
      this.#open.delete(message.id);
      if (message.ok) request?.resolve(message.answer);
      else request?.reject(new RequestFailed(message.code, message.error));
    }
    for (const check of this.#waiting) check();
  }
}
