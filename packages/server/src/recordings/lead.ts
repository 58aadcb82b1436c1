import type { RecordingChange, RecordingError, StopReason } from '@parley/core';
import type { RecordedFile, RecorderCommand, RecorderEvent } from '@parley/recorder';
import type { Logger } from 'pino';
import type { RecordingId } from '../ids.js';
import { Lookout } from '../lookout.js';
import { codeOfFailedStart } from '../recorders/launches.js';
import type { RecorderLimits } from '../recorders/limits.js';
import type { RecorderLaunch } from '../recorders/recorder-process.js';
import { RecorderWatch, type RecorderWatchOptions } from '../recorders/recorder-watch.js';
import type { BrowserOrder } from './order.js';
import { EMPTY, errorOf, lossOf, type Outcome, RECORDER_LOST, RECORDING_APP } from './outcome.js';
import type { RecordingRow } from './state-of-row.js';

/** Processes that may try to make files of what one recorder left. */
const FINISH_TRIES = 2;
/** A change or a row that could not be saved is tried again after this time. */
const RETRY_MS = 1_000;

export interface LeadOptions {
  log: Logger;
  limits: RecorderLimits;
  load(id: RecordingId): Promise<RecordingRow | null>;
  follow(row: RecordingRow, change: RecordingChange): Promise<'done' | 'unfit' | 'later'>;
  /** Program, environment and order of a recorder; throws what becomes the reason of a failure. */
  recorderFor(row: RecordingRow): Promise<RecorderLaunch>;
  /** The same for a recorder that makes files of what another one left. */
  finisherFor(row: RecordingRow): Promise<RecorderLaunch>;
  /** What tells a recorder that the recording is over. */
  stopFor(row: RecordingRow): Promise<RecorderCommand>;
  startRecorder: RecorderWatchOptions['startRecorder'];
  workFolder(id: RecordingId): string;
  noteGap(id: RecordingId, gap: Extract<RecorderEvent, { kind: 'gap' }>): Promise<void>;
  /** Takes the files over, after which the recording is UPLOADED or ERRORED or has only uploads before it. */
  complete(row: RecordingRow, files: RecordedFile[]): Promise<void>;
  /** Goes on with files that were taken over before a crash; false when there are none. */
  resume(row: RecordingRow): Promise<boolean>;
  fail(row: RecordingRow, error: RecordingError): Promise<void>;
  /** The recording is over and nothing of its recorder is left. */
  onOver(id: RecordingId): void;
}

/**
 * Leads one recording from INVOKED to its end. Its row says what is wanted, the recorder process what has happened;
 * each step brings the two together and then waits for news of either.
 */
export class Lead {
  readonly #recorder: RecorderWatch;
  #outcome: Outcome | null = null;
  /** By the clock of the recorder; null until it says so. */
  #recordingSince: number | null = null;
  /** Set by the recorder's own wish to stop. */
  #wish: StopReason | null = null;
  #told: 'recording' | 'paused' | 'stopped' = 'recording';
  #finishTries = 0;
  readonly #lookout: Lookout;
  #isClosed = false;
  #endWait: () => void = () => {};

  constructor(
    private readonly id: RecordingId,
    private readonly options: LeadOptions,
    /** An earlier server may have left a recorder at work. */
    mayHaveOrphan: boolean,
  ) {
    this.#recorder = new RecorderWatch({
      startRecorder: options.startRecorder,
      folder: options.workFolder(id),
      mayHaveOrphan,
      silenceMs: options.limits.silenceMs,
      onEvent: (event) => this.#onEvent(event),
      onExit: (reason, output) => this.#onExit(reason, output),
    });
    this.#lookout = new Lookout(
      () => this.#step(),
      (error) => options.log.error({ err: error, recordingId: id }, 'A recording could not be led on'),
      RETRY_MS,
    );
  }

  /** To be called when the row or the recorder has news; cheap. */
  wake(): void {
    this.#lookout.wake();
  }

  /** Leaves the recording as it stands; the next server takes it up. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#lookout.close();
    this.#endWait();
    await this.#recorder.close(graceMs);
  }

  async #step(): Promise<void> {
    await this.#recorder.endOrphan();
    const row = await this.options.load(this.id);
    switch (row?.status) {
      case 'INVOKED':
        return await this.#start(row);
      case 'RECORDING':
      case 'PAUSED':
        return await this.#accompany(row);
      case 'UPLOADING':
        return await this.#end(row);
      default:
        this.#over();
    }
  }

  async #start(row: RecordingRow): Promise<void> {
    if (this.#outcome) {
      const error = errorOf(this.#outcome) ?? EMPTY;
      return await this.#follow(row, { to: 'failed', error });
    }
    if (this.#recordingSince !== null) {
      return await this.#follow(row, { to: 'begun', recordingSince: this.#recordingSince });
    }
    if (this.#recorder.isRunning) return;
    const isApp = (row.recording_order as BrowserOrder).url !== null;
    const limitMs = isApp ? this.options.limits.appStartMs : this.options.limits.startMs;
    const error = {
      code: 'page_failed',
      message: `The recorder did not begin within ${limitMs / 1000} seconds`,
    };
    await this.#launch(() => this.options.recorderFor(row), limitMs, { kind: 'failed', error });
  }

  async #accompany(row: RecordingRow): Promise<void> {
    if (this.#wish) return await this.#follow(row, { to: 'stopped', stop: this.#wish });
    if (!this.#recorder.isRunning) {
      const stop = { reason: 'INTERNAL_ERROR', caller: null, detail: lossOf(this.#outcome) } as const;
      return await this.#follow(row, { to: 'stopped', stop });
    }
    const wanted = row.status === 'PAUSED' ? 'paused' : 'recording';
    if (this.#told !== wanted) this.#recorder.command({ kind: wanted === 'paused' ? 'pause' : 'resume' });
    this.#told = wanted;
  }

  async #end(row: RecordingRow): Promise<void> {
    if (await this.options.resume(row)) return this.#over();
    const outcome = this.#outcome;
    if (outcome?.kind === 'finished') {
      await this.options.complete(row, outcome.files);
      return this.#over();
    }
    if (outcome?.kind === 'failed' && !this.#mayFinishLater(outcome.error)) {
      await this.options.fail(row, outcome.error);
      return this.#over();
    }
    if (this.#recorder.isRunning) return await this.#stop(row);
    if (this.#finishTries >= FINISH_TRIES) {
      const message = `The files could not be made: ${outcome ? errorOf(outcome)?.message : ''}`;
      await this.options.fail(row, { code: 'internal', message });
      return this.#over();
    }
    if (outcome?.kind === 'failed') await this.#waitForRoom();
    if (this.#isClosed) return;
    this.#finishTries++;
    this.#told = 'stopped';
    await this.#launch(() => this.options.finisherFor(row), this.options.limits.stopMs, {
      kind: 'lost',
      reason: 'it did not finish',
    });
  }

  async #stop(row: RecordingRow): Promise<void> {
    if (this.#told === 'stopped') return;
    const command = await this.options.stopFor(row);
    if (!this.#recorder.isRunning) return;
    this.#told = 'stopped';
    this.#recorder.command(command);
    const atLimit: Outcome = { kind: 'lost', reason: 'it did not stop' };
    this.#recorder.setLimit(this.options.limits.stopMs, () => this.#conclude(atLimit));
  }

  /** What was captured is still there when the disk was full. */
  #mayFinishLater(error: RecordingError): boolean {
    return error.code === 'disk_full' && this.#finishTries < FINISH_TRIES;
  }

  #waitForRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#endWait = resolve;
      setTimeout(resolve, this.options.limits.diskRetryMs).unref();
    });
  }

  async #follow(row: RecordingRow, change: RecordingChange): Promise<void> {
    const answer = await this.options.follow(row, change);
    if (answer === 'later') this.#lookout.wakeLater();
    // Whatever stood in the way has changed the row; the next step sees it.
    else this.wake();
  }

  async #launch(prepare: () => Promise<RecorderLaunch>, limitMs: number, atLimit: Outcome): Promise<void> {
    this.#outcome = null;
    try {
      await this.#recorder.start(prepare, limitMs, () => this.#conclude(atLimit));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#conclude({ kind: 'failed', error: { code: codeOfFailedStart(error), message } });
    }
  }

  #onEvent(event: RecorderEvent): void {
    switch (event.kind) {
      case 'recording':
        this.#recordingSince = event.atMs;
        this.#recorder.clearLimit();
        break;
      case 'stopping':
        this.#wish = event.reason === 'browser_died' ? RECORDER_LOST : RECORDING_APP;
        break;
      case 'gap':
        void this.options.noteGap(this.id, event).catch(() => {});
        return;
      case 'finished':
        this.#outcome ??= { kind: 'finished', files: event.files };
        this.#wish ??= RECORDING_APP;
        this.#recorder.clearLimit();
        break;
      case 'failed':
        this.#outcome ??= { kind: 'failed', error: { code: event.code, message: event.reason } };
        this.#recorder.clearLimit();
        break;
      default:
        return;
    }
    this.wake();
  }

  #onExit(reason: string, output: string | undefined): void {
    this.#conclude({ kind: 'lost', reason });
    if (this.#outcome?.kind === 'lost' && !this.#isClosed) {
      this.options.log.warn({ recordingId: this.id, reason, output }, 'A recorder is gone');
    }
  }

  /** What has become of a recorder; the first word counts. */
  #conclude(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.wake();
  }

  #over(): void {
    this.#lookout.close();
    this.#recorder.end();
    this.options.onOver(this.id);
  }
}
