import type { Kysely, Selectable } from 'kysely';
import type { Database, LivestreamSessionsTable } from '../database/tables.js';
import type { AppId, LivestreamSessionId, MeetingId } from '../ids.js';
import { RUNNING } from './store.js';

/** A run of a meeting's livestream, which a recorder of ours makes. */
export interface LivestreamRun extends Selectable<LivestreamSessionsTable> {
  app_id: AppId;
  meeting_id: MeetingId;
  name: string | null;
  disabled: boolean;
}

const ofMeetings = (db: Kysely<Database>) =>
  db
    .selectFrom('livestream_sessions as session')
    .innerJoin('livestreams as livestream', 'livestream.id', 'session.livestream_id')
    .where('session.livestreamer_id', 'is not', null);

export async function loadRun(db: Kysely<Database>, id: LivestreamSessionId): Promise<LivestreamRun | null> {
  const row = await ofMeetings(db)
    .selectAll('session')
    .select(['livestream.app_id', 'livestream.meeting_id', 'livestream.name', 'livestream.disabled'])
    .where('session.id', '=', id)
    .executeTakeFirst();
  return (row as LivestreamRun | undefined) ?? null;
}

export async function runningIds(db: Kysely<Database>): Promise<LivestreamSessionId[]> {
  const rows = await ofMeetings(db).select('session.id').where('session.status', 'in', RUNNING).execute();
  return rows.map(({ id }) => id);
}

/** When some runs were stopped, by their ids; null for those that go on. */
export async function stopsOf(
  db: Kysely<Database>,
  ids: readonly LivestreamSessionId[],
): Promise<Map<LivestreamSessionId, Date | null>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('livestream_sessions')
    .select(['id', 'stopped_at'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map((row) => [row.id, row.stopped_at]));
}
