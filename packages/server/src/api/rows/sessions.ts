import { type Kysely, type Selectable, sql } from 'kysely';
import type { Database, SessionsTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import type { AppId, MeetingId, SessionId } from '../../ids.js';
import type { SessionFilter, SessionView } from '../schemas/sessions.js';
import { requireMeeting } from './meetings.js';
import { fetchPage, type Rows } from './page.js';
import { searchCondition } from './search.js';

/** A session with what its connected peers add at this moment. */
export type SessionRow = Pick<
  Selectable<SessionsTable>,
  | 'id'
  | 'app_id'
  | 'meeting_id'
  | 'title'
  | 'status'
  | 'max_concurrent_participants'
  | 'started_at'
  | 'ended_at'
  | 'end_reason'
  | 'created_at'
  | 'updated_at'
> & { connected: number; minutes: number };

/** The reference shows minutes with four decimals. */
export const roundMinutes = (minutes: number): number => Math.round(minutes * 1e4) / 1e4;

export const toSession = (row: SessionRow): SessionView => ({
  id: row.id,
  associated_id: row.meeting_id,
  meeting_display_name: row.title,
  type: 'meeting',
  status: row.status,
  live_participants: row.connected,
  max_concurrent_participants: row.max_concurrent_participants,
  minutes_consumed: roundMinutes(row.minutes),
  organization_id: row.app_id,
  started_at: row.started_at.toISOString(),
  ...(row.ended_at !== null && { ended_at: row.ended_at.toISOString() }),
  ...(row.end_reason === 'TIME_LIMIT' && { end_reason: row.end_reason }),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

/** Minutes of the stays that ended are in the row; those that last are counted now (features.md PA02). */
export const minutesNow = sql<number>`session.minutes_consumed + coalesce(running.minutes, 0)`;

/** Recorders are no participants and consume nothing (R32, PA03). */
export const sessionsOf = (db: Kysely<Database>, appId: AppId, now: Date) =>
  db
    .selectFrom('sessions as session')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('session_peers as peer')
          .select([
            sql<number>`count(*)::int`.as('peers'),
            sql<number>`sum(extract(
              epoch from ${now}::timestamptz - coalesce(peer.rejoined_at, peer.joined_at)
            ))::float8 / 60`.as('minutes'),
          ])
          .whereRef('peer.session_id', '=', 'session.id')
          .where('peer.left_at', 'is', null)
          .where('peer.recorder_type', '=', 'NONE')
          .as('running'),
      (join) => join.on('session.status', '=', 'LIVE'),
    )
    .select([
      'session.id',
      'session.app_id',
      'session.meeting_id',
      'session.title',
      'session.status',
      'session.max_concurrent_participants',
      'session.started_at',
      'session.ended_at',
      'session.end_reason',
      'session.created_at',
      'session.updated_at',
      sql<number>`coalesce(running.peers, 0)`.as('connected'),
      minutesNow.as('minutes'),
    ])
    .where('session.app_id', '=', appId);

export async function findSessions(
  db: Kysely<Database>,
  appId: AppId,
  filter: SessionFilter,
  page: Page,
  now: Date,
): Promise<Rows<SessionRow>> {
  const { search, status, participants, associated_id, start_time, end_time } = filter;
  const order = filter.sort_order === 'ASC' ? 'asc' : 'desc';
  const sorted = filter.sort_by === 'minutesConsumed' ? minutesNow : sql`session.created_at`;
  let query = sessionsOf(db, appId, now);
  if (search) {
    query = query.where(searchCondition(search, ['session.title'], ['session.meeting_id', 'session.id']));
  }
  if (status) query = query.where('session.status', '=', status);
  if (participants) {
    query = query
      .where('session.max_concurrent_participants', '>=', participants[0])
      .where('session.max_concurrent_participants', '<=', participants[1]);
  }
  if (associated_id)
    query = query.where(sql<string>`session.meeting_id::text`, '=', associated_id.toLowerCase());
  if (start_time) query = query.where('session.created_at', '>=', start_time);
  if (end_time) query = query.where('session.created_at', '<=', end_time);
  return await fetchPage(query.orderBy(sorted, order).orderBy('session.id', order), page);
}

/** The sessions of connected meetings that belong to a session, the first first (features.md B12). */
export async function findRoomSessions(
  db: Kysely<Database>,
  appId: AppId,
  id: SessionId,
  now: Date,
): Promise<SessionRow[]> {
  return await sessionsOf(db, appId, now)
    .where('session.parent_session_id', '=', id)
    .orderBy('session.created_at')
    .orderBy('session.id')
    .execute();
}

export async function getSession(
  db: Kysely<Database>,
  appId: AppId,
  id: SessionId,
  now: Date,
): Promise<SessionRow> {
  const row = await sessionsOf(db, appId, now).where('session.id', '=', id).executeTakeFirst();
  if (!row) throw ApiError.notFound('session', id);
  return row;
}

/** Throws 404 unless the app has this session. */
export async function requireSession(db: Kysely<Database>, appId: AppId, id: SessionId): Promise<void> {
  const row = await db
    .selectFrom('sessions')
    .select('id')
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('session', id);
}

/** The live session of a meeting; the sentence of its absence is the live service's (rest-api.md 0.5). */
export async function getActiveSession(
  db: Kysely<Database>,
  appId: AppId,
  meetingId: MeetingId,
  now: Date,
): Promise<SessionRow> {
  const row = await sessionsOf(db, appId, now)
    .where('session.meeting_id', '=', meetingId)
    .where('session.status', '=', 'LIVE')
    .executeTakeFirst();
  if (row) return row;
  await requireMeeting(db, appId, meetingId);
  throw new ApiError(404, `No active session found for meeting_id ${meetingId}`);
}
