import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import type { RecordingId } from '../ids.js';
import type { QueuedUpload, UploadOutcome, UploadQueue } from '../storage/upload-runner.js';
import { type CompletionOptions, concludeRecording } from './completion.js';
import type { RecordingDisk } from './disk.js';
import { contentTypeOf } from './download-routes.js';
import type { RecordingOrder } from './order.js';

/** As long as webhooks are retried; counted from the end of the recording. */
const RETRY_WINDOW_MS = 24 * 60 * 60_000;

export interface RecordingUploadsOptions extends CompletionOptions {
  disk: RecordingDisk;
  /** Called after a commit that ended a recording. */
  concluded: () => void;
}

/** The uploads of recordings as rows, which `storage/upload-runner.ts` takes (features.md RC28, RC33). */
export class RecordingUploads implements UploadQueue {
  readonly #db: Kysely<Database>;

  constructor(private readonly options: RecordingUploadsOptions) {
    this.#db = options.db;
  }

  async due({ now, limit, retries, except }: Parameters<UploadQueue['due']>[0]): Promise<QueuedUpload[]> {
    const rows = await this.#db
      .with('ranked', (db) =>
        db
          .selectFrom('recording_uploads as upload')
          .innerJoin('recording_files as file', 'file.id', 'upload.file_id')
          .innerJoin('recordings as recording', 'recording.id', 'file.recording_id')
          .select([
            'upload.file_id as id',
            'upload.resume',
            'upload.attempts',
            'upload.next_attempt_at',
            'file.name',
            'file.recording_id',
            'recording.recording_order',
            'recording.stopped_at',
            sql<number>`row_number() over (partition by upload.attempts > 0 order by upload.next_attempt_at)`.as(
              'place',
            ),
          ])
          .where('upload.finished_at', 'is', null)
          .where('upload.next_attempt_at', '<=', now)
          .$if(except.length > 0, (query) => query.where('upload.file_id', 'not in', except)),
      )
      .selectFrom('ranked')
      .selectAll()
      .where((eb) => eb.or([eb('attempts', '=', 0), eb('place', '<=', retries)]))
      .orderBy('next_attempt_at')
      .limit(limit)
      .execute();
    return rows.flatMap((row) => {
      const { storage } = row.recording_order as RecordingOrder;
      if (!storage || !row.stopped_at) return [];
      return {
        id: row.id,
        storage,
        path: this.options.disk.pathOf(row.recording_id, row.name),
        name: row.name,
        contentType: contentTypeOf(row.name),
        resume: row.resume as QueuedUpload['resume'],
        failedAttempts: row.attempts,
        retryUntil: new Date(row.stopped_at.getTime() + RETRY_WINDOW_MS),
      };
    });
  }

  async advance(id: string, resume: NonNullable<QueuedUpload['resume']>): Promise<void> {
    await this.#db
      .updateTable('recording_uploads')
      .set({ resume: JSON.stringify(resume), attempts: 0 })
      .where('file_id', '=', id)
      .execute();
  }

  async postpone(id: string, failure: { reason: string; nextAttemptAt: Date }): Promise<void> {
    await this.#db
      .updateTable('recording_uploads')
      .set({
        attempts: sql`attempts + 1`,
        next_attempt_at: failure.nextAttemptAt,
        error: failure.reason,
      })
      .where('file_id', '=', id)
      .execute();
  }

  /** The last upload of a recording ends it: UPLOADED when all have come across, ERRORED otherwise. */
  async settle(id: string, outcome: UploadOutcome): Promise<void> {
    const now = this.options.clock.now();
    await this.#db.transaction().execute(async (trx) => {
      await trx
        .updateTable('recording_uploads')
        .set({ finished_at: now, error: outcome.kind === 'failed' ? outcome.reason : null })
        .where('file_id', '=', id)
        .execute();
      const file = await trx
        .selectFrom('recording_files')
        .select('recording_id')
        .where('id', '=', id)
        .executeTakeFirst();
      if (file) await concludeRecording(trx, this.options, file.recording_id as RecordingId);
    });
    this.options.concluded();
  }
}
