import type { RecorderCommand, RecorderEvent } from '@parley/recorder';
import {
  endOrphan,
  type RecorderLaunch,
  type RecorderListeners,
  type RecorderProcess,
} from './recorder-process.js';

export type RunningRecorder = Pick<RecorderProcess, 'tail' | 'command' | 'release' | 'kill'>;

export interface RecorderWatchOptions {
  startRecorder(launch: RecorderLaunch, listeners: RecorderListeners): Promise<RunningRecorder>;
  /** Where the recorder works, and where an earlier server may have left one. */
  folder: string;
  mayHaveOrphan: boolean;
  /** Milliseconds without a sign of life from a recorder that has given one. */
  silenceMs: number;
  onEvent(event: RecorderEvent): void;
  /** Called once for each recorder, after its last event; with what it printed last. */
  onExit(reason: string, output: string | undefined): void;
}

/**
 * The recorders of one recording or livestream, one at a time. One that is silent, or takes longer than it may, is cut
 * off.
 */
export class RecorderWatch {
  #process: RunningRecorder | null = null;
  #mayHaveOrphan: boolean;
  #limit: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #isClosed = false;
  #onGone: () => void = () => {};

  constructor(private readonly options: RecorderWatchOptions) {
    this.#mayHaveOrphan = options.mayHaveOrphan;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** To be called before the first start: two recorders in one folder would write the same files. */
  async endOrphan(): Promise<void> {
    if (!this.#mayHaveOrphan) return;
    await endOrphan(this.options.folder);
    this.#mayHaveOrphan = false;
  }

  /** Starts what `prepare` answers, with the limit of `setLimit`. Throws what `prepare` and the start throw. */
  async start(prepare: () => Promise<RecorderLaunch>, limitMs: number, onLimit: () => void): Promise<void> {
    const launch = await prepare();
    if (this.#isClosed) return;
    this.setLimit(limitMs, onLimit);
    let isGone = false;
    const process = await this.options.startRecorder(launch, {
      onEvent: (event) => this.#onEvent(event),
      onExit: (reason) => {
        isGone = true;
        this.#onExit(reason);
      },
    });
    if (this.#isClosed) process.release();
    if (!isGone) this.#process = process;
  }

  command(command: RecorderCommand): void {
    this.#process?.command(command);
  }

  kill(): void {
    this.#process?.kill();
  }

  /** Unless it is cleared before `limitMs` are over, `onLimit` is called and the recorder cut off. */
  setLimit(limitMs: number, onLimit: () => void): void {
    this.clearLimit();
    this.#limit = setTimeout(() => {
      onLimit();
      this.kill();
    }, limitMs);
  }

  clearLimit(): void {
    if (this.#limit) clearTimeout(this.#limit);
    this.#limit = null;
  }

  /** Lets the recorder put down what it has, as one without a server does, and cuts it off after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#clearTimers();
    const process = this.#process;
    if (!process) return;
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    process.release();
    const limit = setTimeout(() => process.kill(), graceMs);
    await gone;
    clearTimeout(limit);
  }

  /** Cuts off what still runs; nothing of it is waited for any more. */
  end(): void {
    this.#clearTimers();
    this.kill();
  }

  #onEvent(event: RecorderEvent): void {
    if (this.#silence || event.kind === 'alive') this.#expectLife();
    if (event.kind !== 'alive') this.options.onEvent(event);
  }

  #onExit(reason: string): void {
    const output = this.#process?.tail;
    this.#process = null;
    this.#clearTimers();
    this.options.onExit(reason, output);
    this.#onGone();
  }

  #expectLife(): void {
    if (this.#silence) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.kill(), this.options.silenceMs);
  }

  #clearTimers(): void {
    this.clearLimit();
    if (this.#silence) clearTimeout(this.#silence);
    this.#silence = null;
  }
}
