import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import type { RecordingDisk } from './disk.js';

const BATCH_RECORDINGS = 200;

/**
 * Removes the files of recordings whose links have expired, and of those that were to go to another storage alone
 * (features.md D03, RC26, RC27); their rows stay.
 */
export async function removeExpired(
  db: Kysely<Database>,
  disk: RecordingDisk,
  now: Date,
  stop: AbortSignal,
): Promise<number> {
  let removed = 0;
  while (!stop.aborted) {
    const rows = await db
      .selectFrom('recordings')
      .select('id')
      .where((eb) =>
        eb.or([
          eb('expires_at', '<=', now),
          eb.and([eb('expires_at', 'is', null), eb('status', '=', 'UPLOADED')]),
        ]),
      )
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('recording_files')
            .select('recording_files.id')
            .whereRef('recording_files.recording_id', '=', 'recordings.id')
            .where('recording_files.removed_at', 'is', null),
        ),
      )
      .limit(BATCH_RECORDINGS)
      .execute();
    for (const { id } of rows) {
      await disk.remove(id);
      await db
        .updateTable('recording_files')
        .set({ removed_at: now })
        .where('recording_id', '=', id)
        .execute();
    }
    removed += rows.length;
    if (rows.length < BATCH_RECORDINGS) break;
  }
  return removed;
}
