import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { v7 as newId } from 'uuid';
import type { Settings } from '../config/settings.js';
import type { RecorderLaunches } from './recorder-launches.js';
import {
  endOrphan,
  type RecorderLaunch,
  type RecorderListeners,
  RecorderProcess,
} from './recorder-process.js';

/** A recording that has just begun gets the processor to itself for so long. */
const PREPARE_AFTER_MS = 5_000;
const MINUTE_MS = 60_000;

export interface ReadyRecorderOptions {
  log: Logger;
  launches: Pick<RecorderLaunches, 'standby'>;
  settings: Pick<Settings, 'dataDir' | 'recorderProgram' | 'recorderReadyMinutes'>;
  prepareAfterMs?: number;
}

/** A recorder that waits for its order, or is on the way there. */
interface Standby {
  folder: string;
  process: RecorderProcess | null;
  isReady: boolean;
}

/**
 * Starts recorders, and keeps one more with its browser open: that is where a start from nothing spends most of its
 * time. Nothing runs before the first recording, and one that nobody has needed for a while is ended.
 */
export class ReadyRecorder {
  #standby: Standby | null = null;
  #isClosed = false;
  #preparation: NodeJS.Timeout | null = null;
  #expiry: NodeJS.Timeout | null = null;

  private constructor(
    private readonly options: ReadyRecorderOptions,
    /** In it each recorder that stands by has a folder. */
    private readonly root: string,
  ) {}

  static async open(options: ReadyRecorderOptions): Promise<ReadyRecorder> {
    const root = join(options.settings.dataDir, 'recordings', 'ready');
    await mkdir(root, { recursive: true, mode: 0o700 });
    const recorders = new ReadyRecorder(options, root);
    await recorders.#clear();
    return recorders;
  }

  /** Whether the next recording need not wait for a browser. */
  get isReady(): boolean {
    return this.#standby?.isReady === true;
  }

  async start(launch: RecorderLaunch, listeners: RecorderListeners): Promise<RecorderProcess> {
    const watched: RecorderListeners = {
      ...listeners,
      onEvent: (event) => {
        if (event.kind === 'recording') this.#prepareSoon();
        listeners.onEvent(event);
      },
    };
    const standby = launch.order.kind === 'record' && this.#standby?.isReady ? this.#standby : null;
    if (!standby?.process) return await RecorderProcess.start(launch, watched);
    this.#forget();
    await standby.process.handOver(standby.folder, launch.order, {
      ...watched,
      onExit: (reason) => {
        this.#remove(standby.folder);
        watched.onExit(reason);
      },
    });
    return standby.process;
  }

  close(): void {
    this.#isClosed = true;
    if (this.#preparation) clearTimeout(this.#preparation);
    this.#end();
  }

  /** Ends what an earlier server has left. One that records by now stands in the folder of its recording. */
  async #clear(): Promise<void> {
    for (const name of await readdir(this.root)) {
      await endOrphan(join(this.root, name), 0);
      this.#remove(join(this.root, name));
    }
  }

  #prepareSoon(): void {
    const { recorderProgram, recorderReadyMinutes } = this.options.settings;
    // A program in place of our recorder keeps its browsers as it likes.
    if (recorderProgram !== null || recorderReadyMinutes === 0 || this.#isClosed) return;
    if (this.isReady) this.#keepOn();
    this.#preparation ??= setTimeout(() => {
      this.#preparation = null;
      void this.#prepare();
    }, this.options.prepareAfterMs ?? PREPARE_AFTER_MS);
  }

  #keepOn(): void {
    if (this.#expiry) clearTimeout(this.#expiry);
    const keepMs = this.options.settings.recorderReadyMinutes * MINUTE_MS;
    this.#expiry = setTimeout(() => this.#end(), keepMs);
  }

  async #prepare(): Promise<void> {
    if (this.#standby || this.#isClosed) return;
    const standby: Standby = { folder: join(this.root, newId()), process: null, isReady: false };
    this.#standby = standby;
    try {
      await mkdir(standby.folder, { mode: 0o700 });
      const launch = await this.options.launches.standby(standby.folder);
      standby.process = await RecorderProcess.start(launch, {
        onEvent: ({ kind }) => {
          if (kind !== 'ready' || this.#standby !== standby) return;
          standby.isReady = true;
          this.#keepOn();
          this.options.log.info('A recorder is ready');
        },
        onExit: () => this.#drop(standby),
      });
      if (this.#standby !== standby) standby.process.kill();
    } catch (error) {
      // The next recording starts a recorder of its own, and says then what is wrong.
      this.options.log.warn({ err: error }, 'No recorder could be made ready');
      this.#drop(standby);
    }
  }

  #end(): void {
    const standby = this.#standby;
    this.#forget();
    standby?.process?.kill();
  }

  #drop(standby: Standby): void {
    if (this.#standby === standby) this.#forget();
    this.#remove(standby.folder);
  }

  #forget(): void {
    this.#standby = null;
    if (this.#expiry) clearTimeout(this.#expiry);
    this.#expiry = null;
  }

  /** Also one that a browser is still leaving. */
  #remove(folder: string): void {
    void rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}
