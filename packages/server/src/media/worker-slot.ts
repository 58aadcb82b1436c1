import type { MediaAnswer, MediaArguments, MediaEvent, MediaRequestName, WorkerStats } from '@parley/media';
import type { Logger } from 'pino';
import { MediaError, type WorkerGauges } from './media-pool.js';
import type { Place } from './placement.js';
import type { PooledRoom } from './pooled-room.js';
import { IcePasswords, standIn } from './stand-in.js';
import { WorkerProcess } from './worker-process.js';

const PING_INTERVAL_MS = 5_000;
/** A worker that is silent for this long is taken for dead. */
const PING_LIMIT_MS = 10_000;
/** Waits before a process is started again; the first is none, because its rooms stand still meanwhile. */
const RESTART_DELAYS_MS = [0, 250, 500, 1_000, 2_000, 4_000, 8_000];
/** After this long a process counts as healthy, and its end starts the delays anew. */
const HEALTHY_AFTER_MS = 60_000;
/** A worker that never came up in this many attempts will not come up. */
const MAX_START_ATTEMPTS = 3;

const NO_STATS: WorkerStats = { transports: 0, producers: 0, consumers: 0, residentBytes: 0 };

export interface SlotOptions {
  index: number;
  announcedIps: string[];
  /** UDP port of the worker, 0 for any. */
  port: number;
  log: Logger;
  onRoomEvent(event: Exclude<MediaEvent, { type: 'ready' }>): void;
  /** The worker is gone with everything in it; `rooms` is empty again when this is called. */
  onLost(rooms: PooledRoom[]): void;
  onReady(): void;
}

/** A place of the pool: always one process, and a new one when it ends. */
export class WorkerSlot implements Place<PooledRoom> {
  readonly rooms = new Set<PooledRoom>();
  /** Resolves when the first process listens. */
  readonly started: Promise<void>;
  #process: WorkerProcess | undefined;
  #passwords = new IcePasswords();
  /** Of the process that is up. */
  #port: number | null = null;
  #closeStandIn: () => void = () => {};
  #ready = false;
  #restarts = 0;
  #quickFailures = 0;
  #startedAt = 0;
  #everReady = false;
  #closed = false;
  #stats = NO_STATS;
  #restartTimer: NodeJS.Timeout | undefined;
  readonly #pingTimer: NodeJS.Timeout;
  readonly #options: SlotOptions;
  #resolveStarted: () => void = () => {};
  #rejectStarted: (error: Error) => void = () => {};

  constructor(options: SlotOptions) {
    this.#options = options;
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    // Whoever waits for readiness sees the failure; a pool that nobody waits for must not end the server.
    this.started.catch(() => {});
    this.#pingTimer = setInterval(() => void this.#ping(), PING_INTERVAL_MS);
    this.#start();
  }

  get ready(): boolean {
    return this.#ready;
  }

  async request<N extends MediaRequestName>(name: N, args: MediaArguments<N>): Promise<MediaAnswer<N>> {
    const process = this.#process;
    if (!process) throw new MediaError('worker_lost', 'The media worker is gone.');
    const passwords = this.#passwords;
    const answer = await process.request(name, args);
    if (name === 'createTransport') passwords.note((answer as MediaAnswer<'createTransport'>).answer);
    return answer;
  }

  gauges(): WorkerGauges {
    const { index } = this.#options;
    const restarts = this.#restarts;
    return {
      worker: index,
      pid: this.#process?.pid,
      ready: this.#ready,
      rooms: this.rooms.size,
      restarts,
      ...this.#stats,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#restartTimer);
    this.#closeStandIn();
    this.#process?.kill();
    await this.#process?.exited();
  }

  #start(): void {
    const { announcedIps, port, log } = this.#options;
    this.#startedAt = Date.now();
    const process = new WorkerProcess({ announcedIps, port }, log, {
      onEvent: (event) => this.#receive(event),
      onExit: (reason) => this.#lose(process, reason),
    });
    this.#process = process;
  }

  #receive(event: MediaEvent): void {
    if (event.type !== 'ready') {
      this.#options.onRoomEvent(event);
      return;
    }
    this.#ready = true;
    this.#port = event.port;
    this.#everReady = true;
    this.#resolveStarted();
    this.#options.onReady();
    void this.#ping();
  }

  #lose(process: WorkerProcess, reason: string): void {
    this.#ready = false;
    this.#stats = NO_STATS;
    const rooms = [...this.rooms];
    this.rooms.clear();
    if (this.#closed) return;
    this.#standIn();
    this.#options.log.error(
      { worker: this.#options.index, reason, rooms: rooms.length },
      'media worker lost',
    );
    this.#quickFailures = Date.now() - this.#startedAt < HEALTHY_AFTER_MS ? this.#quickFailures + 1 : 1;
    if (!this.#everReady && this.#quickFailures === MAX_START_ATTEMPTS) {
      this.#rejectStarted(new Error(`The media worker does not start: ${process.lastLine || reason}`));
    }
    this.#restarts += 1;
    const step = Math.min(this.#quickFailures, RESTART_DELAYS_MS.length) - 1;
    this.#restartTimer = setTimeout(() => this.#start(), RESTART_DELAYS_MS[step]);
    this.#options.onLost(rooms);
  }

  /** At a fixed port the next process is needed more than the word of its end. */
  #standIn(): void {
    this.#closeStandIn();
    if (this.#port !== null && this.#options.port === 0) {
      this.#closeStandIn = standIn(this.#port, this.#passwords);
    }
    this.#port = null;
    this.#passwords = new IcePasswords();
  }

  async #ping(): Promise<void> {
    const process = this.#process;
    if (!this.#ready || !process) return;
    try {
      const stats = await process.request('workerStats', {}, PING_LIMIT_MS);
      if (this.#ready && process === this.#process) this.#stats = stats;
    } catch {
      // A process that hangs is replaced like one that died; for one that died this does nothing.
      process.kill();
    }
  }
}
