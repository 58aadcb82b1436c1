import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Clock } from '../clock.js';
import type { Database, LivestreamSessionsTable, LivestreamsTable } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { AppId, LivestreamId, LivestreamSessionId, MeetingId } from '../ids.js';
import type { SecretBox } from '../storage/sealing.js';
import { hashOfStreamKey, newPlaybackKey, newStreamKey } from './keys.js';

export type LivestreamRow = Selectable<LivestreamsTable>;
export type LivestreamSessionRow = Selectable<LivestreamSessionsTable>;

/** A session that runs is not over yet, whether anything is to be seen or not. */
export const RUNNING = ['INVOKED', 'LIVE'] as const;

export interface LivestreamStore {
  db: Kysely<Database>;
  secrets: SecretBox;
}

export interface NewLivestreamRow {
  appId: AppId;
  /** Null for one of its own. */
  meetingId: MeetingId | null;
  name: string | null;
  manualIngest: boolean;
}

/** With an address and a stream key of its own; nobody sends yet. A meeting that has one keeps it. */
export async function insertLivestream(
  { db, secrets }: LivestreamStore,
  { appId, meetingId, name, manualIngest }: NewLivestreamRow,
  now: Date,
): Promise<LivestreamRow> {
  const id = newId() as LivestreamId;
  const inserted = await db
    .insertInto('livestreams')
    .values({
      id,
      app_id: appId,
      meeting_id: meetingId,
      name,
      status: 'IDLE',
      manual_ingest: manualIngest,
      playback_key: newPlaybackKey(),
      ...newStreamKey(secrets, id),
      created_at: now,
      updated_at: now,
    })
    .onConflict((conflict) => conflict.column('meeting_id').doNothing())
    .returningAll()
    .executeTakeFirst();
  return inserted ?? (await getLivestreamOfMeeting(db, meetingId!));
}

/** Throws ApiError 404 unless the app has this livestream. */
export async function getLivestream(
  db: Kysely<Database>,
  appId: AppId,
  id: LivestreamId,
): Promise<LivestreamRow> {
  const row = await db
    .selectFrom('livestreams')
    .selectAll()
    .where('id', '=', id)
    .where('app_id', '=', appId)
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('livestream', id);
  return row;
}

/** Throws ApiError 404 unless the app has this livestream. */
export async function changeLivestream(
  { db, clock }: { db: Kysely<Database>; clock: Clock },
  appId: AppId,
  id: LivestreamId,
  change: Partial<Pick<LivestreamRow, 'disabled' | 'stream_key' | 'stream_key_hash'>>,
): Promise<LivestreamRow> {
  const row = await db
    .updateTable('livestreams')
    .set({ ...change, updated_at: clock.now() })
    .where('id', '=', id)
    .where('app_id', '=', appId)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('livestream', id);
  return row;
}

/** Throws ApiError 404 for a meeting that was never livestreamed. */
export async function getLivestreamOfMeeting(
  db: Kysely<Database>,
  meetingId: MeetingId,
): Promise<LivestreamRow> {
  const row = await db
    .selectFrom('livestreams')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .executeTakeFirst();
  if (!row) throw new ApiError(404, `No livestream found for meeting_id ${meetingId}`);
  return row;
}

/** Throws ApiError 404 when no livestream of the meeting runs. */
export async function getActiveLivestream(
  db: Kysely<Database>,
  meetingId: MeetingId,
): Promise<LivestreamRow> {
  const row = await db
    .selectFrom('livestreams')
    .selectAll()
    .where('meeting_id', '=', meetingId)
    .where('status', 'in', RUNNING)
    .executeTakeFirst();
  if (!row) throw new ApiError(404, `No active livestream found for meeting_id ${meetingId}`);
  return row;
}

/** The livestream that an encoder with this key may send into; null for a key that nobody has. */
export async function findLivestreamByKey(
  db: Kysely<Database>,
  streamKey: string,
): Promise<LivestreamRow | null> {
  const row = await db
    .selectFrom('livestreams')
    .selectAll()
    .where('stream_key_hash', '=', hashOfStreamKey(streamKey))
    .executeTakeFirst();
  return row ?? null;
}

/** Throws ApiError 404 when nothing of the livestream runs. */
export async function getRunningSession(
  db: Kysely<Database>,
  livestreamId: LivestreamId,
): Promise<LivestreamSessionRow> {
  const row = await db
    .selectFrom('livestream_sessions')
    .selectAll()
    .where('livestream_id', '=', livestreamId)
    .where('status', 'in', RUNNING)
    .executeTakeFirst();
  if (!row) throw new ApiError(404, `No active session found for livestream_id ${livestreamId}`);
  return row;
}

/** Throws ApiError 404 unless a livestream of the app has had this session. */
export async function getLivestreamSession(
  db: Kysely<Database>,
  appId: AppId,
  id: LivestreamSessionId,
): Promise<LivestreamSessionRow> {
  const row = await db
    .selectFrom('livestream_sessions as session')
    .innerJoin('livestreams as livestream', 'livestream.id', 'session.livestream_id')
    .selectAll('session')
    .where('session.id', '=', id)
    .where('livestream.app_id', '=', appId)
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('livestream session', id);
  return row;
}
