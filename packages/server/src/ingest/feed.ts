import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LivestreamChange } from '@parley/core';
import type { Logger } from 'pino';
import type { LivestreamId, LivestreamSessionId, MeetingId } from '../ids.js';
import type { LivestreamDisk } from '../livestreams/disk.js';
import { SEGMENT_SECONDS } from '../livestreams/orders.js';
import { hlsWriter } from './hls-writer.js';
import type { IngestLimits } from './limits.js';
import type { Ffmpeg } from './program.js';
import { RtmpConnection } from './rtmp-connection.js';

/** How often the playlist is looked at until it can be played, and from then on. */
const FIRST_LOOKS_EVERY_MS = 200;
const LOOKS_EVERY_MS = 5_000;
/** A change that could not be saved is tried again after this time. */
const RETRY_MS = 1_000;

/** What an encoder sends into. */
export interface FedRun {
  id: LivestreamSessionId;
  livestreamId: LivestreamId;
  /** Null for a livestream of its own. */
  meetingId: MeetingId | null;
}

export interface FeedOptions {
  log: Logger;
  /** Path or name of ffmpeg. */
  ffmpeg: string;
  disk: LivestreamDisk;
  windowSeconds: number;
  limits: IngestLimits;
  /** What the key may be sent into; null for a key that nobody has, or that may not be used now. */
  admit(streamKey: string): Promise<FedRun | null>;
  follow(run: FedRun, change: LivestreamChange): Promise<'done' | 'unfit' | 'later'>;
}

/** One encoder and what it sends into, from the connection to the last segment. */
export class Feed {
  /** Resolves when everything is written and told, and somebody else may have its place. */
  readonly over: Promise<void>;
  readonly #connection: RtmpConnection;
  #run: FedRun | null = null;
  #writer: Ffmpeg | null = null;
  /** Settles when the key was judged, and what it may be sent into is written down. */
  #begun: Promise<void> = Promise.resolve();
  /** When the playlist was written before the encoder came; null when there was none. */
  #writtenBefore: number | null = null;
  #isPlayable = false;
  #isOver = false;
  /** The end is no news: somebody has stopped the livestream, or this server closes. */
  #isSilent = false;
  #told: Promise<void> = Promise.resolve();
  #looking: NodeJS.Timeout | null = null;

  /** @param address from which it comes. */
  constructor(
    socket: Socket,
    readonly address: string,
    private readonly options: FeedOptions,
  ) {
    let end: (reason: string) => void = () => {};
    this.over = new Promise<string>((ended) => {
      end = ended;
    }).then((reason) => this.#finish(reason));
    this.#connection = new RtmpConnection(socket, options.limits, {
      onKey: (streamKey) => {
        this.#begun = this.#begin(streamKey);
      },
      onEnd: end,
    });
  }

  /** Null as long as the encoder has not shown a key that may be used. */
  get run(): FedRun | null {
    return this.#run;
  }

  /** Cuts the encoder off; its livestream ends with it unless that is `silent`. */
  stop(reason: string, { silent }: { silent: boolean }): void {
    this.#isSilent ||= silent;
    this.#connection.end(reason);
  }

  async #begin(streamKey: string): Promise<void> {
    const { disk, ffmpeg, windowSeconds, log } = this.options;
    const connection = this.#connection;
    try {
      const run = await this.options.admit(streamKey);
      if (!run) return connection.refuse('The stream key may not be used');
      this.#run = run;
      // An encoder of a meeting may come back, after a restart of the server.
      await disk.prepare(run.id, { goesOn: true });
      this.#writtenBefore = await disk.playlistTime(run.id);
      if (this.#isOver) return;
      const writer = hlsWriter(ffmpeg, {
        folder: disk.hlsFolder(run.id),
        segmentSeconds: SEGMENT_SECONDS,
        windowSegments: Math.ceil(windowSeconds / SEGMENT_SECONDS),
      });
      this.#writer = writer;
      void writer.ended.then((how) => connection.end(how));
      connection.accept(writer.stdin);
      this.#look(run, Date.now(), FIRST_LOOKS_EVERY_MS);
    } catch (error) {
      log.error({ err: error }, 'An encoder could not be let in');
      connection.end('The server cannot take it');
    }
  }

  async #finish(reason: string): Promise<void> {
    this.#isOver = true;
    await this.#begun;
    if (this.#looking) clearTimeout(this.#looking);
    await this.#writer?.finish();
    const run = this.#run;
    if (run && !this.#isSilent) {
      const change: LivestreamChange = this.#isPlayable
        ? { to: 'stopped' }
        : { to: 'failed', error: { code: 'nothing_to_watch', message: reason } };
      // Who is to feed a meeting's livestream may try again.
      if (this.#isPlayable || run.meetingId === null) this.#tell(run, change);
    }
    await this.#told;
    const { log, limits } = this.options;
    log[run ? 'info' : 'debug']({ livestreamSessionId: run?.id, reason }, 'An encoder has ended');
    if (!run) await sleep(limits.unknownRestMs);
  }

  /** Looks until there is something to watch, and then whether more comes. */
  #look(run: FedRun, beganAtMs: number, afterMs: number): void {
    this.#looking = setTimeout(async () => {
      const { disk } = this.options;
      const writtenAtMs = await disk.playlistTime(run.id);
      const hasNews = writtenAtMs !== null && writtenAtMs !== this.#writtenBefore;
      if (!this.#isPlayable && hasNews && (await disk.playlist(run.id))) {
        this.#isPlayable = true;
        this.#tell(run, { to: 'live' });
      }
      if (Date.now() - (hasNews ? writtenAtMs : beganAtMs) > this.options.limits.stalledAfterMs)
        this.#connection.end('Its key frames are too far apart');
      if (!this.#isOver) {
        this.#look(run, beganAtMs, this.#isPlayable ? LOOKS_EVERY_MS : FIRST_LOOKS_EVERY_MS);
      }
    }, afterMs);
  }

  /** One change after the other. */
  #tell(run: FedRun, change: LivestreamChange): void {
    this.#told = this.#told.then(async () => {
      for (;;) {
        if (this.#isSilent) return;
        try {
          const answer = await this.options.follow(run, change);
          if (answer === 'unfit') this.stop('The livestream is over', { silent: true });
          if (answer !== 'later') return;
        } catch (error) {
          this.options.log.error({ err: error, livestreamSessionId: run.id }, 'A livestream was not led on');
        }
        await sleep(RETRY_MS);
      }
    });
  }
}
