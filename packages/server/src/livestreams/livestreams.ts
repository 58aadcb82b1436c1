import { join } from 'node:path';
import { BACKEND, type NewLivestream } from '@parley/core';
import type { Hono } from 'hono';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import { ApiError, NotAvailableError } from '../http/errors.js';
import type { AppId, LivestreamSessionId, MeetingId } from '../ids.js';
import { requireFreeRecorder } from '../recorders/free-recorder.js';
import type { RecorderLaunches } from '../recorders/launches.js';
import { Leads } from '../recorders/leads.js';
import { RECORDER_LIMITS, type RecorderLimits } from '../recorders/limits.js';
import type { ReadyRecorders } from '../recorders/ready-recorders.js';
import { endOrphan } from '../recorders/recorder-process.js';
import type { SecretBox } from '../storage/sealing.js';
import { ingestServer } from './addresses.js';
import { LivestreamDisk } from './disk.js';
import { LivestreamLead } from './lead.js';
import { type LivestreamSettings, newLivestream } from './order.js';
import { LivestreamOrders } from './orders.js';
import { playback } from './playback.js';
import { loadRun, runningIds, stopsOf } from './runs.js';
import type { LivestreamCaller, LivestreamedSessions } from './sessions.js';
import {
  getActiveLivestream,
  getLivestreamOfMeeting,
  insertLivestream,
  type LivestreamRow,
} from './store.js';
import { ViewerTime } from './viewers.js';
import { WatchedRuns } from './watched-runs.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CLEAN_UP_EVERY_MS = 60_000;

export interface LivestreamsOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  secrets: SecretBox;
  launches: RecorderLaunches;
  recorders: ReadyRecorders;
  settings: Pick<
    Settings,
    'dataDir' | 'baseDomain' | 'rtmpPort' | 'rtmpsPort' | 'recordersMax' | 'livestreamWindowSeconds'
  >;
  limits?: RecorderLimits;
}

export interface LivestreamStart {
  meeting: { id: MeetingId; app_id: AppId };
  by: LivestreamCaller;
  settings: LivestreamSettings;
  manualIngest: boolean;
}

/** Livestreams of meetings, from INVOKED to the removal of what was to be seen (features.md LS01). */
export class Livestreams {
  readonly viewers: ViewerTime;
  readonly #leads: Leads<LivestreamSessionId>;
  readonly #orders: LivestreamOrders;
  readonly #windowMs: number;
  readonly #closing = new AbortController();
  #sessions: LivestreamedSessions | null = null;
  #cleanUpTimer: NodeJS.Timeout | null = null;

  private constructor(
    private readonly options: LivestreamsOptions,
    readonly disk: LivestreamDisk,
  ) {
    const { db, log, launches, settings } = options;
    this.viewers = new ViewerTime(db, log);
    this.#leads = new Leads(
      () => runningIds(options.db),
      (id, mayHaveOrphan) => this.#lead(id, mayHaveOrphan),
      (error) => log.error({ err: error }, 'Livestreams could not be looked up'),
    );
    this.#orders = new LivestreamOrders(launches, disk, settings.livestreamWindowSeconds);
    this.#windowMs = settings.livestreamWindowSeconds * 1000;
  }

  static async open(options: LivestreamsOptions): Promise<Livestreams> {
    const disk = await LivestreamDisk.open(join(options.settings.dataDir, 'livestreams'));
    return new Livestreams(options, disk);
  }

  /**
   * Starts the livestream of a live session. Throws ApiError: 503 with what to install or that no recorder is free, and
   * what `LivestreamedSessions.check` throws.
   */
  async start({ meeting, by, settings, manualIngest }: LivestreamStart): Promise<LivestreamRow> {
    await this.#live.check(meeting.id, by);
    if (manualIngest) {
      this.requireIngest();
    } else {
      await this.options.launches.requireTools();
      await requireFreeRecorder(this.options.db, this.options.settings.recordersMax);
    }
    const row = await this.#rowOf(meeting);
    if (row.disabled) throw new ApiError(409, 'The livestream of this meeting is disabled');
    const run = newLivestream(row, settings, this.options.settings, manualIngest);
    await this.#live.start(meeting.id, by, run);
    return await getLivestreamOfMeeting(this.options.db, meeting.id);
  }

  /** Throws ApiError 503 unless encoders can send to this server. */
  requireIngest(): void {
    if (ingestServer(this.options.settings) !== '') return;
    throw new NotAvailableError(
      'No encoder can send to this server: PARLEY_RTMPS_PORT or PARLEY_RTMP_PORT opens a port for them',
    );
  }

  /** Throws ApiError 404 when none runs, and what `LivestreamedSessions.stop` throws. */
  async stop(meetingId: MeetingId, by: LivestreamCaller): Promise<void> {
    await getActiveLivestream(this.options.db, meetingId);
    await this.#live.stop(meetingId, by);
  }

  /** Ends what runs of a livestream that was disabled. */
  async endDisabled({ meeting_id }: LivestreamRow): Promise<void> {
    if (meeting_id === null) return;
    try {
      await this.#live.stop(meeting_id, BACKEND);
    } catch (error) {
      // Nothing of it runs.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
  }

  /**
   * The livestream that begins with the next session of a meeting that wants one; null for one that is disabled
   * (features.md LS06).
   */
  async onStart(meeting: LivestreamStart['meeting']): Promise<NewLivestream | null> {
    const row = await this.#rowOf(meeting);
    return row.disabled ? null : newLivestream(row, {}, this.options.settings, false);
  }

  /** What players load. */
  routes(): Hono {
    const { db, clock } = this.options;
    const runs = new WatchedRuns(db, clock, this.#windowMs);
    return playback({ runs, disk: this.disk, viewers: this.viewers, windowMs: this.#windowMs });
  }

  /** Takes up what an earlier server has left, and begins to work. */
  attach(sessions: LivestreamedSessions): void {
    this.#sessions = sessions;
    this.#leads.wake();
    void this.#cleanUp(true);
    this.#cleanUpTimer = setInterval(() => void this.#cleanUp(false), CLEAN_UP_EVERY_MS);
  }

  /** To be called after a commit that changed a livestream. Cheap, and safe to call often. */
  wake(): void {
    if (this.#sessions) this.#leads.wake();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#cleanUpTimer) clearInterval(this.#cleanUpTimer);
    await Promise.all([this.viewers.write(), this.#leads.close()]);
  }

  get #live(): LivestreamedSessions {
    if (!this.#sessions) throw new Error('The livestreams have no sessions yet.');
    return this.#sessions;
  }

  /** A meeting has one livestream, made when it is needed first. */
  async #rowOf(meeting: LivestreamStart['meeting']): Promise<LivestreamRow> {
    const { clock } = this.options;
    const row = { appId: meeting.app_id, meetingId: meeting.id, name: null, manualIngest: false };
    return await insertLivestream(this.options, row, clock.now());
  }

  #lead(id: LivestreamSessionId, mayHaveOrphan: boolean): LivestreamLead {
    const { db, log, limits } = this.options;
    return new LivestreamLead(
      id,
      {
        log,
        limits: limits ?? RECORDER_LIMITS,
        disk: this.disk,
        load: (id) => loadRun(db, id),
        follow: (run, change) => this.#live.follow(run.meeting_id, run.id, change),
        recorderFor: (run) => this.#orders.recorderFor(run),
        startRecorder: (launch, listeners) => this.options.recorders.start(launch, listeners),
        onOver: (id) => void this.#forget(id),
      },
      mayHaveOrphan,
    );
  }

  async #forget(id: LivestreamSessionId): Promise<void> {
    this.#leads.forget(id);
    await this.disk.removeWorkFolder(id).catch((error: unknown) => {
      this.options.log.warn({ err: error, id }, 'The folder of a recorder could not be removed');
    });
    await this.#cleanUp(false);
  }

  /** What nobody can watch any more goes, and before that a recorder that an earlier server has left with it. */
  async #cleanUp(mayHaveOrphans: boolean): Promise<void> {
    const { db, clock, log } = this.options;
    try {
      const ids = (await this.disk.ids()).filter((id) => UUID.test(id) && !this.#leads.has(id));
      const stops = await stopsOf(db, ids);
      for (const id of ids) {
        const stoppedAt = stops.get(id);
        if (stoppedAt === null) continue;
        if (this.#closing.signal.aborted) return;
        if (mayHaveOrphans) await endOrphan(this.disk.workFolder(id));
        const until = (stoppedAt?.getTime() ?? 0) + this.#windowMs;
        if (until <= clock.now().getTime()) await this.disk.remove(id);
      }
    } catch (error) {
      if (!this.#closing.signal.aborted) log.error({ err: error }, 'Livestreams could not be cleared away');
    }
  }
}
