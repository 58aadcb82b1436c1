import { setTimeout as sleep } from 'node:timers/promises';
import type { BACKEND, RecordingError } from '@parley/core';
import type { Logger } from 'pino';
import { v7 as newId } from 'uuid';
import type { AppId, MeetingId, RecordingId } from '../../ids.js';
import { Lookout } from '../../lookout.js';
import { RECORDER_LIMITS, type RecorderLimits } from '../../recorders/limits.js';
import { type CompletionOptions, endRecording } from '../completion.js';
import type { RecordingDisk } from '../disk.js';
import type { TrackOrder } from '../order.js';
import type { RecordedSessions } from '../sessions.js';
import type { RecordingRow } from '../state-of-row.js';
import { type Gap, noteGap } from '../store.js';
import { type TrackFile, TrackFiles } from './files.js';
import { layersByName, type TrackCall, trackRecording } from './order.js';

const RETRY_MS = 1_000;
const SEAL_TRIES = 3;

export interface TrackRecordingsOptions extends CompletionOptions {
  log: Logger;
  disk: RecordingDisk;
  /** Called after a commit that queued webhooks. */
  wakeWebhooks: () => void;
  limits?: Pick<RecorderLimits, 'diskRetryMs'>;
}

/**
 * Recordings of single tracks (features.md RC50-RC58). The sessions have their microphones written to files, see
 * `sessions/track-taps.ts`; this side says that a recording has begun, and makes the final files when it is over.
 */
export class TrackRecordings {
  readonly #files: TrackFiles;
  readonly #atWork = new Map<RecordingId, Promise<void>>();
  readonly #failedTries = new Map<RecordingId, number>();
  readonly #closing = new AbortController();
  readonly #lookout: Lookout;
  #sessions: RecordedSessions | null = null;

  constructor(private readonly options: TrackRecordingsOptions) {
    this.#files = new TrackFiles(options.disk);
    this.#lookout = new Lookout(
      async () => {
        for (const row of await this.#due()) this.#work(row);
      },
      (error) => options.log.error({ err: error }, 'Recordings of tracks could not be looked up'),
      RETRY_MS,
    );
  }

  /** Throws ApiError 400 for a call that cannot be met, and what `RecordedSessions.start` throws. */
  async start(
    meeting: { id: MeetingId; app_id: AppId },
    by: typeof BACKEND,
    call: TrackCall,
  ): Promise<RecordingRow> {
    const recording = trackRecording(call);
    const id = recording.id as RecordingId;
    await this.#files.prepare(id, layersByName(recording.order as TrackOrder).length);
    try {
      await this.#live.start(meeting.id, by, recording, false);
    } catch (error) {
      await this.options.disk.removeWorkFolder(id);
      throw error;
    }
    const row = await this.options.db
      .selectFrom('recordings')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    // It may have begun already; the answer is that it was invoked (features.md RC52).
    return { ...row, status: 'INVOKED', started_at: null };
  }

  /** Takes up what an earlier server has left, and begins to work. */
  attach(sessions: RecordedSessions): void {
    this.#sessions = sessions;
    this.wake();
  }

  /** To be called after a commit that changed recordings. Cheap, and safe to call often. */
  wake(): void {
    if (this.#sessions) this.#lookout.wake();
  }

  /** The recordings stay as they stand; the next server takes them up. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#lookout.close();
    await Promise.all(this.#atWork.values());
  }

  folderOf(id: RecordingId, layer: number): string {
    return this.#files.folderOf(id, layer);
  }

  closing(id: RecordingId, closed: Promise<unknown>): void {
    this.#files.closing(id, closed);
  }

  lastWriteMs(id: RecordingId): Promise<number | null> {
    return this.#files.lastWriteMs(id).catch(() => null);
  }

  noteGap(id: RecordingId, gap: Gap): void {
    this.#quietly(id, noteGap(this.options.db, id, gap));
  }

  discard(id: RecordingId): void {
    this.#quietly(id, this.#removeFailed(id));
  }

  /** One that was stopped at the same moment has not failed, and its files are still wanted. */
  async #removeFailed(id: RecordingId): Promise<void> {
    await this.#files.closed(id);
    const row = await this.options.db
      .selectFrom('recordings')
      .select('status')
      .where('id', '=', id)
      .executeTakeFirst();
    if (row?.status === 'ERRORED') await this.options.disk.removeWorkFolder(id);
  }

  #quietly(recordingId: RecordingId, work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.options.log.error({ err: error, recordingId }, 'A recording of tracks could not be kept in order'),
    );
  }

  get #live(): RecordedSessions {
    if (!this.#sessions) throw new Error('The recordings of tracks have no sessions yet.');
    return this.#sessions;
  }

  #due(): Promise<RecordingRow[]> {
    return this.options.db
      .selectFrom('recordings')
      .selectAll()
      .where('type', '=', 'TRACK')
      .where('status', 'in', ['INVOKED', 'UPLOADING'])
      .execute();
  }

  #work(row: RecordingRow): void {
    if (this.#atWork.has(row.id)) return;
    const done = (row.status === 'INVOKED' ? this.#begin(row) : this.#finish(row)).catch((error: unknown) => {
      if (this.#closing.signal.aborted) return;
      this.options.log.error(
        { err: error, recordingId: row.id },
        'A recording of tracks could not be led on',
      );
      this.#lookout.wakeLater();
    });
    this.#atWork.set(
      row.id,
      done.then(() => {
        this.#atWork.delete(row.id);
        // It may have been stopped meanwhile.
        if (row.status === 'INVOKED') this.wake();
      }),
    );
  }

  /** Sound is written from the moment of the invocation. */
  async #begin(row: RecordingRow): Promise<void> {
    const answer = await this.#live.follow(row.meeting_id, row.id, { to: 'begun' });
    if (answer === 'later') this.#lookout.wakeLater();
  }

  async #finish(row: RecordingRow): Promise<void> {
    const { disk } = this.options;
    const files = await this.#seal(row);
    if ('code' in files) {
      if (files.code === DISK_FULL.code)
        await this.#keep(row, await this.#files.unsealed(row.id, layersOf(row)));
      await this.#conclude(row, { to: 'failed', error: files });
    } else {
      await this.#keep(row, files);
      const startMs = Math.min(...files.map((file) => file.startedAtMs));
      const endMs = Math.max(...files.map((file) => file.startedAtMs + file.durationMs));
      await this.#conclude(row, { to: 'uploaded', recordedMs: Math.round(endMs - startMs) });
    }
    this.#failedTries.delete(row.id);
    await disk.removeWorkFolder(row.id);
  }

  /** The final files, or why there are none. */
  async #seal(row: RecordingRow): Promise<TrackFile[] | RecordingError> {
    try {
      const files = await this.#files.seal(row.id, layersOf(row), this.#closing.signal);
      if (files.length > 0) return files;
      if (row.stop_reason?.detail === DISK_FULL.code) return DISK_FULL;
      return { code: 'empty', message: 'Nobody who was to be recorded has sent sound' };
    } catch (error) {
      if (this.#closing.signal.aborted) throw error;
      const tries = (this.#failedTries.get(row.id) ?? 0) + 1;
      this.#failedTries.set(row.id, tries);
      // A sealer that was ended from outside, as by Ctrl-C together with the server, says nothing about the files.
      if (isCutOff(error) && tries < SEAL_TRIES) throw error;
      this.options.log.error({ err: error, recordingId: row.id }, 'Files of tracks could not be made');
      if (isDiskFull(error)) {
        if (tries >= SEAL_TRIES) return DISK_FULL;
        const { diskRetryMs } = this.options.limits ?? RECORDER_LIMITS;
        await sleep(diskRetryMs, undefined, { signal: this.#closing.signal });
        return await this.#seal(row);
      }
      return { code: 'internal', message: 'The files could not be made of what was recorded' };
    }
  }

  /** Rows first: after a crash between the two they say what is still to be moved. */
  async #keep(row: RecordingRow, files: readonly TrackFile[]): Promise<void> {
    if (files.length === 0) return;
    await this.options.db
      .insertInto('recording_files')
      .values(
        files.map((file) => ({
          id: newId(),
          recording_id: row.id,
          kind: 'audio' as const,
          layer: file.layer,
          participant_id: file.participantId,
          peer_id: file.peerId,
          name: file.name,
          size_bytes: file.sizeBytes,
          duration_ms: Math.round(file.durationMs),
        })),
      )
      .onConflict((conflict) => conflict.columns(['recording_id', 'name']).doNothing())
      .execute();
    for (const file of files) await this.options.disk.keep(row.id, file.path, file.name);
  }

  async #conclude(row: RecordingRow, change: Parameters<typeof endRecording>[3]): Promise<void> {
    await this.options.db.transaction().execute((trx) => endRecording(trx, this.options, row.id, change));
    this.options.wakeWebhooks();
  }
}

const DISK_FULL: RecordingError = { code: 'disk_full', message: 'The disk of the server is full' };

const layersOf = (row: RecordingRow): string[] =>
  layersByName(row.recording_order as TrackOrder).map(({ name }) => name);

/** The sealer is a process of its own, whose complaint is in the words of the error. */
const isDiskFull = (error: unknown): boolean => /ENOSPC|EDQUOT/.test(String(error));

function isCutOff(error: unknown): boolean {
  return error instanceof Error && 'signal' in error && typeof error.signal === 'string';
}
