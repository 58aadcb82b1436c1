import { type Kysely, sql } from 'kysely';
import type { Database } from '../../database/tables.js';
import type { Page } from '../../http/pagination.js';
import type { AppId, LivestreamId, SessionId } from '../../ids.js';
import type { LivestreamRow, LivestreamSessionRow } from '../../livestreams/store.js';
import type { LivestreamFilter } from '../schemas/livestreams.js';
import { fetchPage, type Rows } from './page.js';

/** The livestreams that fit, the newest first unless asked otherwise (features.md LS03). */
export async function findLivestreams(
  db: Kysely<Database>,
  appId: AppId,
  { exclude_meetings, status, start_time, end_time, sort_order }: LivestreamFilter,
  page: Page,
): Promise<Rows<LivestreamRow>> {
  let query = db.selectFrom('livestreams').selectAll().where('app_id', '=', appId);
  if (exclude_meetings) query = query.where('meeting_id', 'is', null);
  if (status) query = query.where('status', 'in', status === 'OFFLINE' ? ['OFFLINE', 'IDLE'] : [status]);
  if (start_time) query = query.where('created_at', '>=', start_time);
  if (end_time) query = query.where('created_at', '<=', end_time);
  const order = sort_order === 'ASC' ? 'asc' : 'desc';
  return await fetchPage(query.orderBy('created_at', order).orderBy('id', order), page);
}

/** The runs of a livestream, or all that belong to a session of a meeting; the newest first. */
export async function findLivestreamSessions(
  db: Kysely<Database>,
  of: { livestreamId: LivestreamId } | { sessionId: SessionId },
  page: Page,
): Promise<Rows<LivestreamSessionRow>> {
  const all = db.selectFrom('livestream_sessions').selectAll();
  const query =
    'livestreamId' in of
      ? all.where('livestream_id', '=', of.livestreamId)
      : all.where('session_id', '=', of.sessionId);
  return await fetchPage(query.orderBy('invoked_at', 'desc').orderBy('id', 'desc'), page);
}

/** Both ends count; null for no end. */
export interface TimeRange {
  from: Date | undefined;
  to: Date | undefined;
}

const runsOf = (db: Kysely<Database>, appId: AppId, { from, to }: TimeRange, now: Date) => {
  const streamed = sql<number>`coalesce(sum(session.ingest_ms + case when session.since is null then 0
    else greatest(0, extract(epoch from ${now}::timestamptz - session.since) * 1000) end), 0)::float8 / 1000`;
  let query = db
    .selectFrom('livestream_sessions as session')
    .innerJoin('livestreams as livestream', 'livestream.id', 'session.livestream_id')
    .select([
      streamed.as('ingest_seconds'),
      sql<number>`coalesce(sum(session.viewer_seconds), 0)::float8`.as('viewer_seconds'),
    ])
    .where('livestream.app_id', '=', appId);
  if (from) query = query.where('session.invoked_at', '>=', from);
  if (to) query = query.where('session.invoked_at', '<=', to);
  return query;
};

const totals = (row: { count: number; ingest_seconds: number; viewer_seconds: number }) => ({
  count: row.count,
  total_ingest_seconds: Math.round(row.ingest_seconds),
  total_viewer_seconds: Math.round(row.viewer_seconds),
});

/** Counts livestreams by their runs that began in the range (features.md LS11). */
export async function sumLivestreams(db: Kysely<Database>, appId: AppId, range: TimeRange, now: Date) {
  const row = await runsOf(db, appId, range, now)
    .select(sql<number>`count(distinct livestream.id)::int`.as('count'))
    .executeTakeFirstOrThrow();
  return totals(row);
}

/** The same by UTC day; days without a run are left out. Here every run counts. */
export async function sumLivestreamsByDay(db: Kysely<Database>, appId: AppId, range: TimeRange, now: Date) {
  const day = sql<string>`to_char(session.invoked_at at time zone 'UTC', 'YYYY-MM-DD')`;
  const rows = await runsOf(db, appId, range, now)
    .select([day.as('day'), sql<number>`count(*)::int`.as('count')])
    .groupBy(day)
    .orderBy(day)
    .execute();
  return rows.map((row) => ({ date: row.day, ...totals(row) }));
}
