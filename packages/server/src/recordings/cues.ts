import type { Cue } from '@parley/recorder';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../database/tables.js';
import type { RecordingId } from '../ids.js';

/** Timed metadata of an interactive recording: what was broadcast, and when (features.md RC40). */
export interface RecordingCue {
  recordingId: RecordingId;
  /** Of the event in the log of the session. */
  seq: number;
  at: Date;
  text: string;
}

export async function writeCues(trx: Transaction<Database>, cues: readonly RecordingCue[]): Promise<void> {
  if (cues.length === 0) return;
  await sql`
    insert into recording_cues (recording_id, seq, at, text)
    select * from unnest(
      ${cues.map(({ recordingId }) => recordingId)}::uuid[],
      ${cues.map(({ seq }) => seq)}::bigint[],
      ${cues.map(({ at }) => at)}::timestamptz[],
      ${cues.map(({ text }) => text)}::text[]
    )
  `.execute(trx);
}

/** In the order in which they were broadcast. */
export async function cuesOf(db: Kysely<Database>, id: RecordingId): Promise<Cue[]> {
  const rows = await db
    .selectFrom('recording_cues')
    .select(['at', 'text'])
    .where('recording_id', '=', id)
    .orderBy('seq')
    .execute();
  return rows.map(({ at, text }) => ({ atMs: at.getTime(), text }));
}

/** The files that they belong in are made, or never will be. */
export async function removeCues(trx: Transaction<Database>, id: RecordingId): Promise<void> {
  await trx.deleteFrom('recording_cues').where('recording_id', '=', id).execute();
}
