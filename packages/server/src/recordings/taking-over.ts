import { link, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RecordingError } from '@parley/core';
import { capturedParts, type RecordedFile } from '@parley/recorder';
import type { Kysely, Transaction } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database } from '../database/tables.js';
import type { RecordingDisk } from './disk.js';
import type { BrowserOrder } from './order.js';
import type { RecordingRow } from './state-of-row.js';

/**
 * What is wrong with the files of a recorder, or null. UPLOADED is said only of files that hold what was asked for:
 * a picture with frames, sound that lasts, bytes that are on the disk (features.md RC05).
 */
export async function faultOf(
  order: Pick<BrowserOrder, 'video' | 'audio'>,
  files: readonly RecordedFile[],
): Promise<RecordingError | null> {
  for (const kind of ['video', 'audio'] as const) {
    const what = kind === 'video' ? 'picture' : 'sound';
    const file = files.find((one) => one.kind === kind);
    const isWanted = order[kind]?.exportFile ?? false;
    if (isWanted && !file) return { code: 'empty', message: `The recording has no file of the ${what}` };
    if (!file) continue;
    if (kind === 'video' && file.frames === 0)
      return { code: 'empty', message: 'The recording holds no picture' };
    if (file.durationMs <= 0) return { code: 'empty', message: `The ${what} of the recording has no length` };
    const bytes = await stat(file.path).then(
      ({ size }) => size,
      () => 0,
    );
    if (bytes === 0 || bytes !== file.bytes)
      return { code: 'internal', message: `The file of the ${what} is not as the recorder left it` };
  }
  return null;
}

/**
 * Writes down which files a recording has, then moves them into the store: after a crash between the two, the rows
 * say what is still to be moved. Files that nobody asked for stay with the recorder and go with its folder.
 */
export async function takeOver(
  db: Kysely<Database>,
  disk: RecordingDisk,
  row: RecordingRow,
  files: readonly RecordedFile[],
  now: Date,
): Promise<void> {
  const order = row.recording_order as BrowserOrder;
  const wanted = files
    .filter((file) => order[file.kind]?.exportFile && dirname(file.path) === disk.workFolder(row.id))
    .map((file) => ({ file, name: basename(file.path) }));
  const main = wanted.find(({ file }) => file.kind === 'video') ?? wanted[0];
  await db.transaction().execute(async (trx) => {
    if (main) {
      await trx
        .updateTable('recordings')
        .set({ output_file_name: main.name })
        .where('id', '=', row.id)
        .execute();
    }
    for (const { file, name } of wanted) {
      const inserted = await trx
        .insertInto('recording_files')
        .values({
          id: newId(),
          recording_id: row.id,
          kind: file.kind,
          name,
          size_bytes: file.bytes,
          duration_ms: Math.round(file.durationMs),
        })
        .onConflict((conflict) => conflict.columns(['recording_id', 'name']).doNothing())
        .returning('id')
        .executeTakeFirst();
      if (inserted && order.storage) {
        await trx
          .insertInto('recording_uploads')
          .values({ file_id: inserted.id, next_attempt_at: now })
          .execute();
      }
    }
  });
  await moveFiles(db, disk, row);
}

/**
 * Writes down the parts that were captured as the files of a recording that has failed: whatever was in the way of
 * finished files, they are all that there is of it, and they can be played. `moveFiles` is to follow the commit.
 */
export async function takeOverParts(
  trx: Transaction<Database>,
  disk: RecordingDisk,
  row: RecordingRow,
): Promise<void> {
  const order = row.recording_order as BrowserOrder;
  const parts = await capturedParts(disk.workFolder(row.id)).catch(() => []);
  for (const [index, path] of parts.entries()) {
    const base = order.outputFileName.replace(/\.\w+$/, '');
    const name = index === 0 ? `${base}.mkv` : `${base}_${index + 1}.mkv`;
    const named = join(dirname(path), name);
    if (!(await nameAnew(path, named))) continue;
    const { size, birthtimeMs, mtimeMs } = await stat(named);
    await trx
      .insertInto('recording_files')
      .values({
        id: newId(),
        recording_id: row.id,
        kind: order.video ? 'video' : 'audio',
        name,
        size_bytes: size,
        // Not every file system knows when a file was made.
        duration_ms: birthtimeMs > 0 ? Math.round(Math.max(0, mtimeMs - birthtimeMs)) : 0,
      })
      .onConflict((conflict) => conflict.columns(['recording_id', 'name']).doNothing())
      .execute();
  }
}

/**
 * A second name, since there may be no room for a second file and the recorder still has to find the first one; where
 * there are no second names, another one. False where neither can be had, which must not hold up the end.
 */
async function nameAnew(path: string, named: string): Promise<boolean> {
  try {
    await link(path, named);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return true;
    return await rename(path, named).then(
      () => true,
      () => false,
    );
  }
}

/** Moves what the rows name and the store does not hold yet. False when no row names a file. */
export async function moveFiles(
  db: Kysely<Database>,
  disk: RecordingDisk,
  { id }: Pick<RecordingRow, 'id'>,
): Promise<boolean> {
  const files = await db
    .selectFrom('recording_files')
    .select('name')
    .where('recording_id', '=', id)
    .execute();
  for (const { name } of files) await disk.keep(id, join(disk.workFolder(id), name), name);
  return files.length > 0;
}

/** Clears up what a crash has left of recordings that are over; their files are moved where that was still to come. */
export async function clearWorkFolders(db: Kysely<Database>, disk: RecordingDisk): Promise<void> {
  for (const id of await disk.workFolders()) {
    const row = await db.selectFrom('recordings').select('status').where('id', '=', id).executeTakeFirst();
    if (row && row.status !== 'UPLOADED' && row.status !== 'ERRORED') continue;
    try {
      if (row) await moveFiles(db, disk, { id });
    } catch (error) {
      // Expired since, so that there is nothing left to move.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    await disk.removeWorkFolder(id);
  }
}
