import type { LivestreamChange, LivestreamError } from '@parley/core';
import type { RecorderEvent } from '@parley/recorder';
import type { Logger } from 'pino';
import type { LivestreamSessionId } from '../ids.js';
import { Lookout } from '../lookout.js';
import type { RecorderLimits } from '../recordings/recorder-limits.js';
import {
  endOrphan,
  type RecorderLaunch,
  type RecorderListeners,
  type RecorderProcess,
} from '../recordings/recorder-process.js';
import type { LivestreamDisk } from './disk.js';
import type { LivestreamRun } from './runs.js';

/** How often a recorder's playlist is looked at until it can be played, and from then on. */
const FIRST_LOOKS_EVERY_MS = 200;
const LOOKS_EVERY_MS = 5_000;
/** A change or a row that could not be saved is tried again after this time. */
const RETRY_MS = 1_000;

const APP_STOPPED: LivestreamChange = { to: 'stopped' };
const SERVER_RESTARTED: LivestreamError = {
  code: 'server_restarted',
  message: 'The server was started again during the livestream',
};

export interface LivestreamLeadOptions {
  log: Logger;
  limits: RecorderLimits;
  disk: LivestreamDisk;
  load(id: LivestreamSessionId): Promise<LivestreamRun | null>;
  follow(run: LivestreamRun, change: LivestreamChange): Promise<'done' | 'unfit' | 'later'>;
  /** Program, environment and order of a recorder; throws what becomes the reason of a failure. */
  recorderFor(run: LivestreamRun): Promise<RecorderLaunch>;
  startRecorder(launch: RecorderLaunch, listeners: RecorderListeners): Promise<RecorderProcess>;
  /** The livestream is over and nothing of its recorder is left. */
  onOver(id: LivestreamSessionId): void;
}

/**
 * Leads one livestream from INVOKED to its end, as `recordings/lead.ts` does it for a recording. Its row says what is
 * wanted; the recorder process and the playlist that it writes say what has happened.
 */
export class LivestreamLead {
  #process: RecorderProcess | null = null;
  /** What has become of the recorder, and what that means for the livestream. */
  #outcome: LivestreamChange | null = null;
  #isPlayable = false;
  #isStopping = false;
  #limit: NodeJS.Timeout | null = null;
  #silence: NodeJS.Timeout | null = null;
  #looking: NodeJS.Timeout | null = null;
  readonly #lookout: Lookout;
  #isClosed = false;
  #onGone: () => void = () => {};

  constructor(
    private readonly id: LivestreamSessionId,
    private readonly options: LivestreamLeadOptions,
    /** An earlier server may have left a recorder at work. */
    private mayHaveOrphan: boolean,
  ) {
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

  /** Leaves the livestream as it stands; the next server says that it is over. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    this.#lookout.close();
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

  async #step(): Promise<void> {
    if (this.mayHaveOrphan) {
      await endOrphan(this.options.disk.workFolder(this.id));
      this.mayHaveOrphan = false;
    }
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
    if (this.#isPlayable) return await this.#follow(run, { to: 'live' });
    if (this.#process) return;
    const { limits } = this.options;
    try {
      const launch = await this.options.recorderFor(run);
      if (this.#isClosed) return;
      this.#setLimit(limits.startMs, `There was nothing to watch within ${limits.startMs / 1000} seconds`);
      let isGone = false;
      const process = await this.options.startRecorder(launch, {
        onEvent: (event) => this.#onEvent(event),
        onExit: (reason) => {
          isGone = true;
          this.#onExit(reason);
        },
      });
      if (this.#isClosed) process.release();
      if (isGone) return;
      this.#process = process;
      this.#look(FIRST_LOOKS_EVERY_MS);
    } catch (error) {
      const isMissing = error instanceof Error && 'reason' in error && error.reason === 'not_available';
      const message = error instanceof Error ? error.message : String(error);
      this.#fail(isMissing ? 'not_installed' : 'internal', message);
    }
  }

  async #accompany(run: LivestreamRun): Promise<void> {
    if (this.#outcome) return await this.#follow(run, this.#outcome);
    if (this.#process) return;
    // The server may have been away for hours in which nothing was streamed.
    const lastAt = await this.options.disk.playlistTime(this.id);
    const known = lastAt !== null && { lastAt: Math.round(lastAt) };
    await this.#follow(run, { to: 'failed', error: SERVER_RESTARTED, ...known });
  }

  #end(): void {
    const process = this.#process;
    if (!process) this.#over();
    if (!process || this.#isStopping) return;
    this.#isStopping = true;
    process.command({ kind: 'stop' });
    this.#setLimit(this.options.limits.stopMs, 'The recorder did not stop');
  }

  async #follow(run: LivestreamRun, change: LivestreamChange): Promise<void> {
    const answer = await this.options.follow(run, change);
    if (answer === 'later') this.#lookout.wakeLater();
    // Whatever stood in the way has changed the row; the next step sees it.
    else this.wake();
  }

  #onEvent(event: RecorderEvent): void {
    if (this.#silence) this.#expectLife();
    switch (event.kind) {
      case 'alive':
        this.#expectLife();
        return;
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

  #onExit(reason: string): void {
    const output = this.#process?.tail;
    this.#process = null;
    this.#clearTimers();
    if (!this.#outcome && !this.#isStopping && !this.#isClosed) {
      this.options.log.warn({ livestreamSessionId: this.id, reason, output }, 'A recorder is gone');
    }
    this.#fail('recorder_lost', `The recorder was lost: ${reason}`);
    this.#onGone();
    this.wake();
  }

  /** Looks until there is something to watch, and then whether more comes. */
  #look(afterMs: number): void {
    this.#looking = setTimeout(async () => {
      const isOver = () => !this.#process || this.#isStopping || this.#isClosed;
      if (isOver()) return;
      if (this.#isPlayable) await this.#checkProgress();
      else if (await this.options.disk.playlist(this.id)) this.#becomePlayable();
      if (isOver()) return;
      this.#look(this.#isPlayable ? LOOKS_EVERY_MS : FIRST_LOOKS_EVERY_MS);
    }, afterMs);
  }

  #becomePlayable(): void {
    if (this.#isStopping) return;
    this.#isPlayable = true;
    this.#clearLimit();
    this.wake();
  }

  async #checkProgress(): Promise<void> {
    const { silenceMs } = this.options.limits;
    const writtenAt = await this.options.disk.playlistTime(this.id);
    if (writtenAt !== null && Date.now() - writtenAt < silenceMs) return;
    this.#fail('stalled', `Nothing new could be watched for ${silenceMs / 1000} seconds`);
    this.#process?.kill();
  }

  /** The first reason counts. */
  #fail(code: string, message: string): void {
    this.#outcome ??= { to: 'failed', error: { code, message } };
    this.wake();
  }

  /** The recorder is cut off when the time is over. */
  #setLimit(limitMs: number, message: string): void {
    this.#clearLimit();
    this.#limit = setTimeout(() => {
      this.#fail('page_failed', message);
      this.#process?.kill();
    }, limitMs);
  }

  #expectLife(): void {
    if (this.#silence) clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#process?.kill(), this.options.limits.silenceMs);
  }

  #over(): void {
    this.#lookout.close();
    this.#clearTimers();
    this.options.onOver(this.id);
  }

  #clearLimit(): void {
    if (this.#limit) clearTimeout(this.#limit);
    this.#limit = null;
  }

  #clearTimers(): void {
    this.#clearLimit();
    for (const timer of [this.#silence, this.#looking]) if (timer) clearTimeout(timer);
    this.#silence = null;
    this.#looking = null;
  }
}
