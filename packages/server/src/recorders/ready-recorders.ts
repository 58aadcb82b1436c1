import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { v7 as newId } from 'uuid';
import type { Settings } from '../config/settings.js';
import type { RecorderLaunches } from './launches.js';
import {
  endOrphan,
  type RecorderLaunch,
  type RecorderListeners,
  RecorderProcess,
} from './recorder-process.js';

/** Recordings that have just begun, and those at work between two preparations, get the processor to themselves for so long. */
const PREPARE_AFTER_MS = 5_000;
const MINUTE_MS = 60_000;

export interface ReadyRecordersOptions {
  log: Logger;
  launches: Pick<RecorderLaunches, 'standby'>;
  settings: Pick<Settings, 'dataDir' | 'recorderProgram' | 'recordersReady' | 'recorderReadyMinutes'>;
  prepareAfterMs?: number;
}

/** A recorder that waits for its order, or is on the way there. */
interface Standby {
  folder: string;
  process: RecorderProcess | null;
  isReady: boolean;
}

/** A recorder that has an order to record. */
interface Busy {
  hasBegun: boolean;
}

/**
 * Starts recorders, and keeps some more with their browsers open: that is where a start from nothing spends most of its
 * time. Nothing runs before the first recording, and those that nobody has needed for a while are ended.
 */
export class ReadyRecorders {
  readonly #standbys = new Set<Standby>();
  readonly #busy = new Set<Busy>();
  #isClosed = false;
  #preparation: NodeJS.Timeout | null = null;
  #expiry: NodeJS.Timeout | null = null;

  private constructor(
    private readonly options: ReadyRecordersOptions,
    /** In it each recorder that stands by has a folder. */
    private readonly root: string,
  ) {}

  static async open(options: ReadyRecordersOptions): Promise<ReadyRecorders> {
    const root = join(options.settings.dataDir, 'recordings', 'ready');
    await mkdir(root, { recursive: true, mode: 0o700 });
    const recorders = new ReadyRecorders(options, root);
    await recorders.#clear();
    return recorders;
  }

  /** How many recordings need not wait for a browser. */
  get ready(): number {
    return [...this.#standbys].filter(({ isReady }) => isReady).length;
  }

  /** Recorders that are to begin, and those that have begun and not ended. */
  get atWork(): { starting: number; begun: number } {
    const begun = [...this.#busy].filter(({ hasBegun }) => hasBegun).length;
    return { starting: this.#busy.size - begun, begun };
  }

  async start(launch: RecorderLaunch, listeners: RecorderListeners): Promise<RecorderProcess> {
    if (launch.order.kind !== 'record') return await RecorderProcess.start(launch, listeners);
    const busy: Busy = { hasBegun: false };
    const standby = this.#take();
    const watched: RecorderListeners = {
      onEvent: (event) => {
        // Said by a recorder that got its order on the way to being ready.
        if (event.kind === 'ready') return;
        if (event.kind === 'recording') {
          busy.hasBegun = true;
          this.#prepareSoon();
        }
        listeners.onEvent(event);
      },
      onExit: (reason) => {
        this.#busy.delete(busy);
        if (standby) this.#remove(standby.folder);
        listeners.onExit(reason);
      },
    };
    this.#busy.add(busy);
    try {
      if (!standby?.process) return await RecorderProcess.start(launch, watched);
      await standby.process.handOver(standby.folder, launch.order, watched);
      return standby.process;
    } catch (error) {
      this.#busy.delete(busy);
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    if (this.#preparation) clearTimeout(this.#preparation);
    this.#endAll();
  }

  /** Ends what an earlier server has left. One that records by now stands in the folder of its recording. */
  async #clear(): Promise<void> {
    for (const name of await readdir(this.root)) {
      await endOrphan(join(this.root, name), 0);
      this.#remove(join(this.root, name));
    }
  }

  /** One that is ready, else one on the way there, which is further than a new one. */
  #take(): Standby | null {
    const started = [...this.#standbys].filter(({ process }) => process !== null);
    const standby = started.find(({ isReady }) => isReady) ?? started[0] ?? null;
    if (standby) this.#standbys.delete(standby);
    return standby;
  }

  #prepareSoon(): void {
    const { recorderProgram, recordersReady, recorderReadyMinutes } = this.options.settings;
    // A program in place of our recorder keeps its browsers as it likes.
    if (recorderProgram !== null || this.#isClosed) return;
    if (recordersReady === 0 || recorderReadyMinutes === 0) return;
    if (this.#standbys.size > 0) this.#keepOn();
    this.#preparation ??= setTimeout(
      () => void this.#prepare(),
      this.options.prepareAfterMs ?? PREPARE_AFTER_MS,
    );
  }

  #keepOn(): void {
    if (this.#expiry) clearTimeout(this.#expiry);
    const keepMs = this.options.settings.recorderReadyMinutes * MINUTE_MS;
    this.#expiry = setTimeout(() => this.#endAll(), keepMs);
  }

  /** Makes one after the other ready, as long as no recording is to begin: that one needs the processor more. */
  async #prepare(): Promise<void> {
    this.#preparation = null;
    const isPreparing = this.#standbys.size > this.ready;
    if (this.#isClosed || isPreparing || this.ready >= this.options.settings.recordersReady) return;
    if (this.atWork.starting > 0) return this.#prepareSoon();
    const standby: Standby = { folder: join(this.root, newId()), process: null, isReady: false };
    this.#standbys.add(standby);
    try {
      await mkdir(standby.folder, { mode: 0o700 });
      const launch = await this.options.launches.standby(standby.folder);
      standby.process = await RecorderProcess.start(launch, {
        onEvent: ({ kind }) => {
          if (kind !== 'ready') return;
          standby.isReady = true;
          this.#keepOn();
          this.options.log.info({ ready: this.ready }, 'A recorder is ready');
          this.#prepareSoon();
        },
        onExit: () => this.#drop(standby),
      });
      if (!this.#standbys.has(standby)) standby.process.kill();
    } catch (error) {
      // The next recording starts a recorder of its own, and says then what is wrong.
      this.options.log.warn({ err: error }, 'No recorder could be made ready');
      this.#drop(standby);
    }
  }

  #endAll(): void {
    if (this.#expiry) clearTimeout(this.#expiry);
    this.#expiry = null;
    for (const { process } of this.#standbys) process?.kill();
    this.#standbys.clear();
  }

  #drop(standby: Standby): void {
    this.#standbys.delete(standby);
    this.#remove(standby.folder);
  }

  /** Also one that a browser is still leaving. */
  #remove(folder: string): void {
    void rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }
}
