import { type Kysely, sql } from 'kysely';
import type { StartDelay } from '../database/tables/recordings.js';
import type { Database } from '../database/tables.js';
import type { AppId, MeetingId, RecordingId } from '../ids.js';
import type { RecordingRow } from './state-of-row.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ACTIVE = ['INVOKED', 'RECORDING', 'PAUSED'] as const;

/** A stretch of time that a recording has nothing of. */
export interface Gap {
  fromMs: number;
  toMs: number;
  reason: string;
}

/** Null unless the app has this recording. */
export async function findRecording(
  db: Kysely<Database>,
  appId: AppId,
  id: string,
): Promise<RecordingRow | null> {
  if (!UUID.test(id)) return null;
  const row = await loadRecording(db, id as RecordingId);
  return row?.app_id === appId ? row : null;
}

export async function loadRecording(db: Kysely<Database>, id: RecordingId): Promise<RecordingRow | null> {
  const row = await db.selectFrom('recordings').selectAll().where('id', '=', id).executeTakeFirst();
  return row ?? null;
}

/** The newest recording of a meeting that runs. */
export async function findActiveRecording(
  db: Kysely<Database>,
  meetingId: MeetingId,
): Promise<RecordingRow | null> {
  const row = await db
    .selectFrom('recordings')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('status', 'in', ACTIVE)
    .orderBy('invoked_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

/** Whether a recorder is at work in the meeting. */
export async function isBeingRecorded(db: Kysely<Database>, meetingId: MeetingId): Promise<boolean> {
  const row = await db
    .selectFrom('recordings')
    .select('id')
    .where('meeting_id', '=', meetingId)
    .where('type', '=', 'BROWSER')
    .where('status', 'in', ACTIVE)
    .executeTakeFirst();
  return row !== undefined;
}

/** Those that a recorder in a browser makes and that are not over. */
export async function runningIds(db: Kysely<Database>): Promise<RecordingId[]> {
  const rows = await db
    .selectFrom('recordings')
    .select('id')
    .where('type', '=', 'BROWSER')
    .where('status', 'in', [...ACTIVE, 'UPLOADING'])
    .execute();
  return rows.map(({ id }) => id);
}

export async function noteStartDelay(
  db: Kysely<Database>,
  id: RecordingId,
  delay: StartDelay,
): Promise<void> {
  await db
    .updateTable('recordings')
    .set({ start_delay: JSON.stringify(delay) })
    .where('id', '=', id)
    .execute();
}

export async function noteGap(
  db: Kysely<Database>,
  id: RecordingId,
  { fromMs, toMs, reason }: Gap,
): Promise<void> {
  const gap = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), reason };
  await sql`update recordings set gaps = gaps || ${JSON.stringify([gap])}::jsonb where id = ${id}`.execute(
    db,
  );
}
