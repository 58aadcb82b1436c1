import { join } from 'node:path';
import { isActive, type RecordingChange, type RecordingError } from '@parley/core';
import type { RecordedFile } from '@parley/recorder';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/tables.js';
import type { FileLinks } from '../files/links.js';
import { ApiError } from '../http/errors.js';
import type { AppId, MeetingId, RecordingId } from '../ids.js';
import { requireFreeRecorder } from '../recorders/free-recorder.js';
import type { RecorderLaunches } from '../recorders/launches.js';
import { Leads } from '../recorders/leads.js';
import { RECORDER_LIMITS, type RecorderLimits } from '../recorders/limits.js';
import type { ReadyRecorders } from '../recorders/ready-recorders.js';
import type { StorageConfig } from '../storage/config.js';
import type { SecretBox } from '../storage/sealing.js';
import { UploadRunner } from '../storage/upload-runner.js';
import { type CompletionOptions, concludeRecording, endRecording } from './completion.js';
import { RecordingDisk } from './disk.js';
import { Lead } from './lead.js';
import { type BrowserOrder, browserRecording, type RecordingSettings } from './order.js';
import { EMPTY } from './outcome.js';
import { requirePublicTargets } from './public-targets.js';
import { RecorderOrders } from './recorder-orders.js';
import { removeExpired } from './retention.js';
import type { RecordedSessions, RecordingCaller } from './sessions.js';
import { Starts } from './starts.js';
import { type RecordingRow, stateOfRow } from './state-of-row.js';
import {
  findActiveRecording,
  findRecording,
  isBeingRecorded,
  loadRecording,
  noteGap,
  runningIds,
} from './store.js';
import { clearWorkFolders, faultOf, moveFiles, takeOver, takeOverParts } from './taking-over.js';
import { TrackRecordings } from './tracks/track-recordings.js';
import { RecordingUploads } from './upload-queue.js';
import { filesOf, type RecordingView, toRecordingView } from './view.js';

const CLEAN_UP_EVERY_MS = 60 * 60_000;
const DAY_MS = 86_400_000;

export interface RecordingsOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  links: FileLinks;
  launches: RecorderLaunches;
  recorders: ReadyRecorders;
  secrets: SecretBox;
  settings: Pick<
    Settings,
    | 'dataDir'
    | 'tlsCert'
    | 'baseDomain'
    | 'host'
    | 'httpPort'
    | 'recordingRetentionDays'
    | 'recordingEmptySeconds'
    | 'recordersMax'
    | 'recorderProgram'
    | 'chromium'
    | 'ffmpeg'
    | 'webhookAllowPrivate'
    | 'storageAllowPrivate'
  >;
  /** Called after a commit that queued webhooks. */
  wakeWebhooks: () => void;
  limits?: RecorderLimits;
}

export interface RecordingStart {
  meeting: { id: MeetingId; app_id: AppId; recording_config: object | null };
  by: RecordingCaller;
  settings: Omit<RecordingSettings, 'storage_config'> & { storage_config?: StorageConfig | null };
  allowMultiple: boolean;
}

/** All recordings that a recorder in a browser makes, from INVOKED to the removal of their files; beside them `tracks`. */
export class Recordings {
  readonly tracks: TrackRecordings;
  readonly #leads: Leads<RecordingId>;
  readonly #orders: RecorderOrders;
  readonly #starts: Starts;
  readonly #completion: CompletionOptions;
  readonly #uploads: UploadRunner;
  readonly #closing = new AbortController();
  #sessions: RecordedSessions | null = null;
  #cleanUpTimer: NodeJS.Timeout | null = null;

  private constructor(
    private readonly options: RecordingsOptions,
    readonly disk: RecordingDisk,
  ) {
    const { settings, launches, log } = options;
    this.#leads = new Leads(
      () => runningIds(options.db),
      (id, mayHaveOrphan) => this.#lead(id, mayHaveOrphan),
      (error) => log.error({ err: error }, 'Recordings could not be looked up'),
    );
    this.#orders = new RecorderOrders(options.db, launches, settings, disk);
    this.#starts = new Starts(options);
    const origin = `https://api.${settings.baseDomain}`;
    const retentionMs = settings.recordingRetentionDays * DAY_MS;
    this.#completion = { ...options, origin, retentionMs };
    const queue = new RecordingUploads({ ...this.#completion, disk, concluded: () => this.#concluded() });
    const allowPrivate = settings.storageAllowPrivate;
    this.#uploads = new UploadRunner({ ...options, queue, allowPrivate, random: Math.random });
    this.tracks = new TrackRecordings({ ...options, ...this.#completion, disk });
  }

  static async open(options: RecordingsOptions): Promise<Recordings> {
    const disk = await RecordingDisk.open(join(options.settings.dataDir, 'recordings'));
    await clearWorkFolders(options.db, disk);
    return new Recordings(options, disk);
  }

  /**
   * Starts a recording of a live session. Throws ApiError: 503 with what to install or that no recorder is free, 400
   * for a setting that cannot be met, and what `RecordedSessions.start` throws.
   */
  async start(start: RecordingStart): Promise<RecordingRow> {
    const { meeting, by, allowMultiple } = start;
    const { storage_config: storage, ...plain } = start.settings;
    const settings: RecordingSettings = plain;
    if (storage !== undefined) {
      settings.storage_config = storage && this.options.secrets.sealStorage(storage);
    }
    await requirePublicTargets(settings, this.options.settings.webhookAllowPrivate);
    const ofApp = await this.options.db
      .selectFrom('apps')
      .select('recording_config')
      .where('id', '=', meeting.app_id)
      .executeTakeFirst();
    const defaults: RecordingSettings = { ...ofApp?.recording_config, ...meeting.recording_config };
    const recording = browserRecording(meeting.id, settings, defaults, this.options.clock.now());
    await this.#requireRecorder(meeting.id, allowMultiple);
    await this.#live.start(meeting.id, by, recording, allowMultiple);
    return await this.get(meeting.app_id, recording.id as RecordingId);
  }

  /** Throws ApiError 409 when the recording is over or in a state that does not fit. */
  async control(
    row: RecordingRow,
    by: RecordingCaller,
    action: 'stop' | 'pause' | 'resume',
  ): Promise<RecordingRow> {
    if (!isActive(stateOfRow(row))) {
      throw new ApiError(409, `The recording is ${row.status}`, undefined, 'recording_state');
    }
    await this.#live.control(row.meeting_id, by, row.id, action);
    return await this.get(row.app_id, row.id);
  }

  /** Throws ApiError 404 unless the app has this recording. */
  async get(appId: AppId, id: string): Promise<RecordingRow> {
    const row = await findRecording(this.options.db, appId, id);
    if (!row) throw ApiError.notFound('recording', id);
    return row;
  }

  /** The newest recording of a meeting that runs; throws ApiError 404 when there is none. */
  async getActive(meetingId: MeetingId): Promise<RecordingRow> {
    const row = await findActiveRecording(this.options.db, meetingId);
    if (!row) throw new ApiError(404, `No active recording found for meeting_id ${meetingId}`);
    return row;
  }

  /** As both APIs show them; the links point to `origin`. */
  async views(rows: readonly RecordingRow[], origin: string): Promise<RecordingView[]> {
    const ids = rows.map((row) => row.id);
    const files = await filesOf(this.options.db, ids);
    return rows.map((row) => toRecordingView(row, files.get(row.id) ?? [], this.options.links, origin));
  }

  async view(row: RecordingRow, origin: string): Promise<RecordingView> {
    return (await this.views([row], origin))[0]!;
  }

  /** Takes up what an earlier server has left, and begins to work. */
  attach(sessions: RecordedSessions): void {
    this.#sessions = sessions;
    this.#uploads.start();
    this.tracks.attach(sessions);
    this.#leads.wake();
    void this.#cleanUp();
    this.#cleanUpTimer = setInterval(() => void this.#cleanUp(), CLEAN_UP_EVERY_MS);
  }

  /** To be called after a commit that changed recordings. Cheap, and safe to call often. */
  wake(): void {
    if (this.#sessions) this.#leads.wake();
    this.tracks.wake();
  }

  /**
   * Throws NotAvailableError with what to install, or ApiError 503 when as many recorders run as may. One that runs in
   * this meeting already is the better reason, which the session gives by itself.
   */
  async #requireRecorder(meetingId: MeetingId, allowMultiple: boolean): Promise<void> {
    const { db, launches, settings } = this.options;
    await launches.requireTools();
    if (allowMultiple || !(await isBeingRecorded(db, meetingId)))
      await requireFreeRecorder(db, settings.recordersMax);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#cleanUpTimer) clearInterval(this.#cleanUpTimer);
    await Promise.all([this.#uploads.close(), this.tracks.close(), this.#leads.close()]);
  }

  get #live(): RecordedSessions {
    if (!this.#sessions) throw new Error('The recordings have no sessions yet.');
    return this.#sessions;
  }

  #lead(id: RecordingId, mayHaveOrphan: boolean): Lead {
    const { db, log, limits } = this.options;
    return new Lead(
      id,
      {
        log,
        limits: limits ?? RECORDER_LIMITS,
        startRecorder: (launch, listeners) => this.#starts.start(id, launch, listeners),
        workFolder: (id) => this.disk.workFolder(id),
        load: (id) => loadRecording(db, id),
        follow: (row, change) => this.#follow(row, change),
        recorderFor: (row) => this.#orders.recorderFor(row),
        finisherFor: (row) => this.#orders.finisherFor(row),
        stopFor: (row) => this.#orders.stopFor(row),
        noteGap: (id, gap) => noteGap(db, id, gap),
        complete: (row, files) => this.#complete(row, files),
        resume: (row) => this.#resume(row),
        fail: (row, error) => this.#fail(row, error),
        onOver: (id) => void this.#forget(id),
      },
      mayHaveOrphan,
    );
  }

  async #follow(row: RecordingRow, change: RecordingChange): Promise<'done' | 'unfit' | 'later'> {
    return await this.#live.follow(row.meeting_id, row.id, change);
  }

  async #complete(row: RecordingRow, files: RecordedFile[]): Promise<void> {
    const { db, clock } = this.options;
    const fault = await faultOf(row.recording_order as BrowserOrder, files);
    if (fault) return await this.#fail(row, fault);
    await takeOver(db, this.disk, row, files, clock.now());
    await this.#conclude(row);
  }

  async #resume(row: RecordingRow): Promise<boolean> {
    const isTaken = await moveFiles(this.options.db, this.disk, row);
    if (isTaken) await this.#conclude(row);
    return isTaken;
  }

  async #conclude(row: RecordingRow): Promise<void> {
    await this.options.db.transaction().execute((trx) => concludeRecording(trx, this.#completion, row.id));
    this.#uploads.wake();
    this.#concluded();
  }

  async #fail(row: RecordingRow, error: RecordingError): Promise<void> {
    const { db } = this.options;
    await db.transaction().execute(async (trx) => {
      if (error.code !== EMPTY.code) await takeOverParts(trx, this.disk, row);
      await endRecording(trx, this.#completion, row.id, { to: 'failed', error });
    });
    await moveFiles(db, this.disk, row);
    this.#concluded();
  }

  #concluded(): void {
    this.options.wakeWebhooks();
    void this.#cleanUp();
  }

  async #forget(id: RecordingId): Promise<void> {
    this.#leads.forget(id);
    await this.disk.removeWorkFolder(id).catch((error: unknown) => {
      this.options.log.warn({ err: error, recordingId: id }, 'The folder of a recorder could not be removed');
    });
  }

  async #cleanUp(): Promise<void> {
    const { db, clock, log } = this.options;
    try {
      const removed = await removeExpired(db, this.disk, clock.now(), this.#closing.signal);
      if (removed > 0) log.info({ removed }, 'Files of expired recordings were removed');
    } catch (error) {
      if (!this.#closing.signal.aborted) log.error({ err: error }, 'Expired recordings could not be removed');
    }
  }
}
