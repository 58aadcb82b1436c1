import type { LivestreamChange } from '@parley/core';
import type { RecorderEvent } from '@parley/recorder';
import type { Logger } from 'pino';
import type { LivestreamSessionId } from '../ids.js';
import { Lookout } from '../lookout.js';
import { codeOfFailedStart } from '../recorders/launches.js';
import type { RecorderLimits } from '../recorders/limits.js';
import type { RecorderLaunch } from '../recorders/recorder-process.js';
import { RecorderWatch, type RecorderWatchOptions } from '../recorders/recorder-watch.js';
import type { LivestreamDisk } from './disk.js';
import type { LivestreamRun } from './runs.js';

/** How often a recorder's playlist is looked at until it can be played, and from then on. */
const FIRST_LOOKS_EVERY_MS = 200;
const LOOKS_EVERY_MS = 5_000;
/** A change or a row that could not be saved is tried again after this time. */
const RETRY_MS = 1_000;

const APP_STOPPED: LivestreamChange = { to: 'stopped' };

export interface LivestreamLeadOptions {
  log: Logger;
  limits: RecorderLimits;
  disk: LivestreamDisk;
  load(id: LivestreamSessionId): Promise<LivestreamRun | null>;
  follow(run: LivestreamRun, change: LivestreamChange): Promise<'done' | 'unfit' | 'later'>;
  /** Program, environment and order of a recorder; throws what becomes the reason of a failure. */
  recorderFor(run: LivestreamRun): Promise<RecorderLaunch>;
  startRecorder: RecorderWatchOptions['startRecorder'];
  /** The livestream is over and nothing of its recorder is left. */
  onOver(id: LivestreamSessionId): void;
}

/**
 * Leads one livestream from INVOKED to its end, as `recordings/lead.ts` does it for a recording. Its row says what is
 * wanted; the recorder process and the playlist that it writes say what has happened.
 */
export class LivestreamLead {
  readonly #recorder: RecorderWatch;
  /** What has become of the recorder, and what that means for the livestream. */
  #outcome: LivestreamChange | null = null;
  /** When the playlist was written before the recorder began; null when there was none. */
  #writtenBefore: number | null = null;
  #isPlayable = false;
  #isStopping = false;
  #looking: NodeJS.Timeout | null = null;
  readonly #lookout: Lookout;
  #isClosed = false;

  constructor(
    private readonly id: LivestreamSessionId,
    private readonly options: LivestreamLeadOptions,
    /** An earlier server may have left a recorder at work. */
    mayHaveOrphan: boolean,
  ) {
    this.#recorder = new RecorderWatch({
      startRecorder: options.startRecorder,
      folder: options.disk.workFolder(id),
      mayHaveOrphan,
      silenceMs: options.limits.silenceMs,
      onEvent: (event) => this.#onEvent(event),
      onExit: (reason, output) => this.#onExit(reason, output),
    });
    this.#lookout = new Lookout(
      () => this.#step(),
      (error) =>
        options.log.error({ err: error, livestreamSessionId: id }, 'A livestream could not be led on'),
      RETRY_MS,
    );
  }

  /** To be called when the row or the recorder has news; cheap. */
  wake(): void {
    this.#lookout.wake();
  }

  /** Leaves the livestream as it stands; the next server goes on with it. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#lookout.close();
    this.#stopLooking();
    await this.#recorder.close(graceMs);
  }

  async #step(): Promise<void> {
    await this.#recorder.endOrphan();
    const run = await this.options.load(this.id);
    switch (run?.status) {
      case 'INVOKED':
        return await this.#start(run);
      case 'LIVE':
        return await this.#accompany(run);
      default:
        this.#end();
    }
  }

  async #start(run: LivestreamRun): Promise<void> {
    if (this.#outcome) return await this.#follow(run, this.#outcome);
    // Whoever started it did so while it was being disabled.
    if (run.disabled) return await this.#follow(run, APP_STOPPED);
    if (this.#isPlayable) return await this.#follow(run, { to: 'live' });
    if (this.#recorder.isRunning) return;
    const { disk, limits } = this.options;
    const { startMs } = limits;
    try {
      // Of an earlier recorder, where there was one.
      this.#writtenBefore = await disk.playlistTime(this.id);
      await this.#recorder.start(
        () => this.options.recorderFor(run),
        startMs,
        () => this.#fail('page_failed', `There was nothing to watch within ${startMs / 1000} seconds`),
      );
      if (this.#recorder.isRunning) this.#look(FIRST_LOOKS_EVERY_MS);
    } catch (error) {
      this.#fail(codeOfFailedStart(error), error instanceof Error ? error.message : String(error));
    }
  }

  async #accompany(run: LivestreamRun): Promise<void> {
    if (this.#outcome) return await this.#follow(run, this.#outcome);
    if (this.#recorder.isRunning) return;
    // An earlier server was ended. It may have been away for hours in which nothing was streamed.
    const lastAt = (await this.options.disk.playlistTime(this.id)) ?? run.started_at!.getTime();
    await this.#follow(run, { to: 'interrupted', lastAt: Math.round(lastAt) });
  }

  #end(): void {
    if (!this.#recorder.isRunning) this.#over();
    if (!this.#recorder.isRunning || this.#isStopping) return;
    this.#isStopping = true;
    this.#recorder.command({ kind: 'stop' });
    this.#recorder.setLimit(this.options.limits.stopMs, () =>
      this.#fail('page_failed', 'The recorder did not stop'),
    );
  }

  async #follow(run: LivestreamRun, change: LivestreamChange): Promise<void> {
    const answer = await this.options.follow(run, change);
    if (answer === 'later') this.#lookout.wakeLater();
    // Whatever stood in the way has changed the row; the next step sees it.
    else this.wake();
  }

  #onEvent(event: RecorderEvent): void {
    switch (event.kind) {
      case 'stopping':
        if (event.reason === 'browser_died')
          this.#fail('recorder_lost', 'The browser of the recorder is gone');
        else this.#outcome ??= APP_STOPPED;
        break;
      case 'finished':
        this.#outcome ??= APP_STOPPED;
        break;
      case 'failed':
        this.#fail(event.code, event.reason);
        break;
      default:
        return;
    }
    this.wake();
  }

  #onExit(reason: string, output: string | undefined): void {
    this.#stopLooking();
    if (!this.#outcome && !this.#isStopping && !this.#isClosed) {
      this.options.log.warn({ livestreamSessionId: this.id, reason, output }, 'A recorder is gone');
    }
    this.#fail('recorder_lost', `The recorder was lost: ${reason}`);
  }

  /** Looks until there is something to watch, and then whether more comes. */
  #look(afterMs: number): void {
    this.#looking = setTimeout(async () => {
      const isOver = () => !this.#recorder.isRunning || this.#isStopping || this.#isClosed;
      if (isOver()) return;
      if (this.#isPlayable) await this.#checkProgress();
      else if (await this.#hasBegun()) this.#becomePlayable();
      if (isOver()) return;
      this.#look(this.#isPlayable ? LOOKS_EVERY_MS : FIRST_LOOKS_EVERY_MS);
    }, afterMs);
  }

  /** Whether there is something to watch that was not there before. */
  async #hasBegun(): Promise<boolean> {
    const { disk } = this.options;
    return (
      (await disk.playlistTime(this.id)) !== this.#writtenBefore && (await disk.playlist(this.id)) !== null
    );
  }

  #becomePlayable(): void {
    if (this.#isStopping) return;
    this.#isPlayable = true;
    this.#recorder.clearLimit();
    this.wake();
  }

  async #checkProgress(): Promise<void> {
    const { silenceMs } = this.options.limits;
    const writtenAt = await this.options.disk.playlistTime(this.id);
    if (writtenAt !== null && Date.now() - writtenAt < silenceMs) return;
    this.#fail('stalled', `Nothing new could be watched for ${silenceMs / 1000} seconds`);
    this.#recorder.kill();
  }

  /** The first reason counts. */
  #fail(code: string, message: string): void {
    this.#outcome ??= { to: 'failed', error: { code, message } };
    this.wake();
  }

  #over(): void {
    this.#lookout.close();
    this.#stopLooking();
    this.#recorder.end();
    this.options.onOver(this.id);
  }

  #stopLooking(): void {
    if (this.#looking) clearTimeout(this.#looking);
    this.#looking = null;
  }
}
