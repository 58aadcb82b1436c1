import { join } from 'node:path';
import { captureRequest } from './browser/capture-request.js';
import { RecorderBrowser } from './browser/recorder-browser.js';
import { type PartTime, rememberPartTime } from './capture/part-times.js';
import { PartWriter } from './capture/part-writer.js';
import { partPath, rememberSound } from './capture/parts.js';
import type { Cue, RecorderCommand, RecorderEvent, RecordOrder, StartPhase, StopReason } from './contract.js';
import { Failure } from './failure.js';
import { makeFiles } from './files/make-files.js';
import { LiveOutput } from './live/live-output.js';
import { PageWatch } from './page-watch.js';
import { Signal } from './signal.js';
import type { Tools } from './tools.js';

const START_WITHIN_MS = 120_000;
const RELOAD_WITHIN_MS = 30_000;
/** A stream that ffmpeg cannot make however often it begins is given up; the files are not. */
const MAX_LIVE_REPAIRS = 20;
const PROFILE_NAME = 'chromium';

/** One recording from the start of Chromium to the finished files. */
export class Recording {
  /** Fires once, when nothing more is to be captured; with the failure that forbids to make files. */
  readonly #ended = new Signal<Failure | null>();
  #browser: RecorderBrowser | null;
  #watch: PageWatch | null = null;
  #part = -1;
  #writer: PartWriter | null = null;
  #live: LiveOutput | null = null;
  #repairs = 0;
  #phase: 'starting' | 'recording' | 'paused' = 'starting';
  #abandoned = false;
  #partStartedAtMs = 0;
  #phaseSinceMs = Date.now();
  /** How long each part was to be, by its path: a busy browser begins and ends late. */
  readonly #lengthsMs = new Map<string, number>();
  #endedAtMs = Number.POSITIVE_INFINITY;
  /** Fires with the timed metadata, if there is any, when the server says that the recording is over, or is gone. */
  readonly #dismissed = new Signal<Cue[]>();
  /** Commands are done one after the other. */
  #commands: Promise<void> = Promise.resolve();

  constructor(
    private readonly order: RecordOrder,
    private readonly tools: Tools,
    private readonly emit: (event: RecorderEvent) => void,
    /** One that was started before there was anything to record. */
    ready: RecorderBrowser | null = null,
  ) {
    this.#browser = ready;
  }

  /** Resolves after the last event. */
  async run(): Promise<void> {
    const failure = await this.#capture().catch(Failure.of);
    await this.#putDown();
    if (this.#abandoned) return;
    if (failure) return this.#fail(failure);
    // Who stops by itself, because its page is put out, is told afterwards when the recording was over.
    const cues = await this.#dismissed.fired;
    if (this.#abandoned) return;
    this.#leaveOutTheRest();
    try {
      const { output } = this.order;
      const isKept = output.video?.exportFile || output.audio.exportFile;
      const lengthsMs = this.#lengthsMs;
      const files = isKept ? await makeFiles({ ...this.order, tools: this.tools, lengthsMs, cues }) : [];
      const durationMs = files[0]?.durationMs ?? sum(lengthsMs.values());
      this.emit({ kind: 'finished', files, durationMs });
    } catch (error) {
      this.#fail(Failure.of(error));
    }
  }

  command(command: RecorderCommand): void {
    if (command.kind === 'stop') {
      this.#end(null, command.atMs);
      this.#dismissed.fire(command.cues ?? []);
      return;
    }
    this.#inTurn(() => (command.kind === 'pause' ? this.#pause() : this.#resume()));
  }

  #inTurn(work: () => Promise<void>): void {
    this.#commands = this.#commands.then(work).catch((error) => this.#end(Failure.of(error)));
  }

  /** Nobody is there any more who wants to know: what was captured is left for an order `finish`. */
  abandon(): void {
    this.#abandoned = true;
    this.#end();
    this.#dismissed.fire([]);
  }

  /** Answers the failure that forbids to make files; null when the recording came to its end. */
  async #capture(): Promise<Failure | null> {
    const begun = await Promise.race([this.#begin(), this.#ended.fired]);
    if (begun !== 'begun') {
      return begun ?? new Failure('empty', 'The recording was stopped before it began.');
    }
    return this.#ended.fired;
  }

  async #begin(): Promise<'begun'> {
    const { order } = this;
    const startWithinMs = order.startWithinMs ?? START_WITHIN_MS;
    this.#browser ??= await RecorderBrowser.open({
      tools: this.tools,
      profileFolder: join(order.folder, PROFILE_NAME),
      trustedOrigins: order.trustedOrigins,
      trustedKeys: order.trustedKeys ?? [],
    });
    this.#passed('browser');
    const { socketOpened, startRequested } = this.#browser;
    await this.#browser.openCapture(captureRequest(order.output), {
      onChunk: (part, chunk) => this.#takeChunk(part, chunk),
      onCaptureFailed: () => this.#stopBecause('browser_died'),
      onPageCrashed: () => this.#watch?.pageCrashed(),
      onDied: () => this.#stopBecause('browser_died'),
    });
    this.#passed('capture');
    await this.#browser.show(order.pageUrl, startWithinMs);
    await this.#within(startWithinMs, socketOpened, 'The page opened no socket of the recording SDK.');
    this.#passed('page');
    await this.#within(startWithinMs, startRequested, 'The page did not start the recording.');
    this.#passed('session');
    if (order.rtmpUrls.length > 0 || order.hls) this.#live = this.#openLive();
    await this.#startPart();
    this.#watch = new PageWatch(this.#browser, {
      onGap: (gap) => this.emit({ kind: 'gap', ...gap }),
      onSound: () => rememberSound(order.folder),
      onStop: (reason) => this.#stopBecause(reason),
      reload: () => this.#reloadPage(),
    });
    return 'begun';
  }

  #passed(phase: StartPhase): void {
    const nowMs = Date.now();
    this.emit({ kind: 'starting', phase, ms: nowMs - this.#phaseSinceMs });
    this.#phaseSinceMs = nowMs;
  }

  /** A page that crashed is shown anew in another tab, and a new part begins with it. */
  async #reloadPage(): Promise<void> {
    const reloading = this.#commands.then(async () => {
      const isCaptured = this.#phase === 'recording';
      if (isCaptured) await this.#stopPart();
      await this.#browser?.replacePage();
      await this.#browser?.show(this.order.pageUrl, RELOAD_WITHIN_MS);
      if (isCaptured && !this.#ended.hasFired) await this.#startPart();
    });
    this.#commands = reloading.catch(() => {});
    await reloading;
  }

  #openLive(): LiveOutput {
    const { order, tools, emit } = this;
    return new LiveOutput({ ffmpeg: tools.ffmpeg, order, emit, onBroken: () => this.#repairLive() });
  }

  /** A stream that broke off begins anew with a part of its own; the files do not notice. */
  #repairLive(): void {
    this.#repairs += 1;
    if (this.#repairs > MAX_LIVE_REPAIRS || this.#ended.hasFired) return;
    this.#inTurn(async () => {
      if (this.#phase !== 'recording' || this.#ended.hasFired) return;
      await this.#stopPart();
      await this.#startPart();
    });
  }

  async #within(ms: number, signal: Signal, omission: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const complaint = this.#browser?.complaint;
        reject(new Failure('page_failed', complaint ? `${omission} It says: ${complaint}` : omission));
      }, ms);
    });
    await Promise.race([signal.fired, timeout]).finally(() => clearTimeout(timer));
  }

  async #startPart(): Promise<void> {
    const { folder, output } = this.order;
    const isKept = output.video?.exportFile || output.audio.exportFile;
    this.#part += 1;
    this.#writer = new PartWriter(isKept ? partPath(folder, this.#part) : null);
    this.#partStartedAtMs = Date.now();
    await this.#rememberTime({ startedAtMs: this.#partStartedAtMs });
    await this.#live?.startPart();
    await this.#browser?.startPart(this.#part);
    if (this.#part > 0) this.#phase = 'recording';
  }

  async #stopPart(atMs = Date.now()): Promise<void> {
    await this.#browser?.stopPart();
    await this.#writer?.close();
    await this.#live?.endPart();
    if (this.#writer) {
      const lengthMs = Math.min(atMs, this.#endedAtMs) - this.#partStartedAtMs;
      this.#lengthsMs.set(partPath(this.order.folder, this.#part), lengthMs);
      await this.#rememberTime({ lengthMs });
    }
    this.#writer = null;
  }

  /** The last part may have ended before it was known when the recording was over. */
  #leaveOutTheRest(): void {
    const path = partPath(this.order.folder, this.#part);
    const lengthMs = this.#lengthsMs.get(path);
    if (lengthMs === undefined) return;
    this.#lengthsMs.set(path, Math.min(lengthMs, this.#endedAtMs - this.#partStartedAtMs));
  }

  get #isInteractive(): boolean {
    return this.order.output.video?.interactive ?? false;
  }

  /** Where timed metadata belongs depends on it. */
  async #rememberTime(time: Partial<PartTime>): Promise<void> {
    if (this.#isInteractive) await rememberPartTime(partPath(this.order.folder, this.#part), time);
  }

  async #takeChunk(part: number, chunk: Uint8Array): Promise<void> {
    if (part !== this.#part || !this.#writer) return;
    try {
      await this.#writer.write(chunk);
      this.#live?.write(chunk);
    } catch (error) {
      return this.#end(Failure.of(error));
    }
    if (this.#phase === 'starting') {
      this.#phase = 'recording';
      this.#passed('encoding');
      this.emit({ kind: 'recording', atMs: this.#partStartedAtMs });
    }
  }

  async #pause(): Promise<void> {
    if (this.#phase !== 'recording') return;
    this.#phase = 'paused';
    const atMs = Date.now();
    await this.#stopPart(atMs);
    this.emit({ kind: 'paused', atMs });
  }

  async #resume(): Promise<void> {
    if (this.#phase !== 'paused') return;
    await this.#startPart();
    this.emit({ kind: 'resumed', atMs: this.#partStartedAtMs });
  }

  #stopBecause(reason: StopReason): void {
    if (this.#ended.hasFired) return;
    if (this.#phase === 'starting') {
      this.#end(new Failure('page_failed', 'The page ended before it began to record.'));
    } else {
      this.emit({ kind: 'stopping', atMs: Date.now(), reason });
      this.#end();
    }
  }

  #end(failure: Failure | null = null, atMs = Date.now()): void {
    this.#endedAtMs = Math.min(this.#endedAtMs, atMs);
    this.#ended.fire(failure);
  }

  async #putDown(): Promise<void> {
    this.#watch?.close();
    await this.#commands;
    await this.#stopPart().catch(() => {});
    await Promise.all([this.#browser?.close(), this.#live?.close()]);
  }

  #fail({ code, message }: Failure): void {
    this.emit({ kind: 'failed', code, reason: message });
  }
}

function sum(lengths: Iterable<number>): number {
  let total = 0;
  for (const length of lengths) total += length;
  return total;
}
