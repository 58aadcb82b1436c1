import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  FinishOrder,
  Output,
  RecordedFile,
  RecorderCommand,
  RecorderEvent,
  RecorderOrder,
  RecordOrder,
} from '../../src/contract.js';

const PROGRAM = fileURLToPath(new URL('../../dist/process.js', import.meta.url));

export const VIDEO: Output = {
  video: { codec: 'H264', width: 1280, height: 720, exportFile: true },
  audio: { codec: 'AAC', channel: 'stereo', exportFile: false },
};

/** Small pictures keep the tests quick; the sound is as ever. */
export const SMALL: Output = { ...VIDEO, video: { ...VIDEO.video!, width: 480, height: 270 } };

type Kind = RecorderEvent['kind'];
type EventOf<K extends Kind> = Extract<RecorderEvent, { kind: K }>;

/** A recorder process as the server starts it. */
export class Recorder {
  readonly events: RecorderEvent[] = [];
  readonly exited: Promise<void>;
  #output = '';
  #news: (() => void)[] = [];

  private constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#output += text.toString();
      });
    }
    child.on('message', (event: RecorderEvent) => {
      this.events.push(event);
      this.#tell();
    });
    // Not `close`, which Node does not emit once the channel was closed from here.
    this.exited = new Promise((exited) => child.once('exit', () => exited()));
    void this.exited.then(() => this.#tell());
  }

  static start(order: RecorderOrder, env: Record<string, string>): Recorder {
    const child = fork(PROGRAM, [], {
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child.send(order);
    return new Recorder(child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  command(kind: RecorderCommand['kind']): void {
    this.child.send({ kind });
  }

  /** The first event of a kind; fails when the process ends without it. */
  async event<K extends Kind>(kind: K): Promise<EventOf<K>> {
    for (;;) {
      const event = this.events.find((candidate) => candidate.kind === kind);
      if (event) return event as EventOf<K>;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`No event ${kind}: ${JSON.stringify(this.events)}\n${this.#output}`);
      }
      await new Promise<void>((resolve) => this.#news.push(resolve));
    }
  }

  async stop(): Promise<RecordedFile[]> {
    this.command('stop');
    const { files } = await this.event('finished');
    await this.exited;
    return files;
  }

  #tell(): void {
    const waiting = this.#news;
    this.#news = [];
    for (const resolve of waiting) resolve();
  }
}

/** A folder for one recording, and the orders for it. */
export class Bench {
  readonly recorders: Recorder[] = [];
  readonly #folders: string[];

  private constructor(readonly folder: string) {
    this.#folders = [folder];
  }

  static async open(parent = tmpdir()): Promise<Bench> {
    return new Bench(await mkdtemp(join(parent, 'parley-recorder-')));
  }

  record(pageUrl: string, output: Output, more: Partial<RecordOrder> = {}, env = {}): Recorder {
    return this.#start(this.#recordOrder(pageUrl, output, more), env);
  }

  /** A recorder that has its browser open, or opens it. */
  async standBy({ isReady = true } = {}): Promise<Recorder> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-recorder-'));
    this.#folders.push(folder);
    const recorder = this.#start({
      ...{ kind: 'standby', folder, trustedOrigins: [] },
      pageUrl: 'data:text/html,not yet',
    });
    if (isReady) await recorder.event('ready');
    return recorder;
  }

  /** Gives a recorder that stands by its order. */
  handOver(recorder: Recorder, pageUrl: string, output: Output): void {
    recorder.child.send(this.#recordOrder(pageUrl, output, {}));
  }

  #recordOrder(pageUrl: string, output: Output, more: Partial<RecordOrder>): RecordOrder {
    return {
      kind: 'record',
      recordingId: 'r',
      pageUrl,
      folder: this.folder,
      fileName: 'meeting_1',
      output,
      rtmpUrls: [],
      trustedOrigins: [],
      ...more,
    };
  }

  finish(output: Output, more: Partial<FinishOrder> = {}): Recorder {
    return this.#start({
      kind: 'finish',
      recordingId: 'r',
      folder: this.folder,
      fileName: 'meeting_1',
      output,
      ...more,
    });
  }

  async dispose(): Promise<void> {
    for (const { child } of this.recorders) child.kill('SIGKILL');
    await Promise.all(this.recorders.map(({ exited }) => exited));
    for (const folder of this.#folders) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }

  #start(order: RecorderOrder, env: Record<string, string> = {}): Recorder {
    const recorder = Recorder.start(order, env);
    this.recorders.push(recorder);
    return recorder;
  }
}
