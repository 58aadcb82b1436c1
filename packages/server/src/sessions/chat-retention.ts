import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import type { SessionId } from '../ids.js';

const DAY_MS = 24 * 60 * 60_000;
/** Sessions cleared at once, and messages removed in one statement, so that none holds locks for long. */
const BATCH_SESSIONS = 500;
const BATCH_MESSAGES = 5_000;

/**
 * Removes the chat of sessions that ended `keptDays` ago, unless their meetings keep it (features.md H15, D02). Ends
 * early when `stop` is aborted; answers how many messages.
 */
export async function clearEndedChat(
  db: Kysely<Database>,
  now: Date,
  keptDays: number,
  stop: AbortSignal,
): Promise<number> {
  const endedBefore = new Date(now.getTime() - keptDays * DAY_MS);
  let removed = 0;
  while (!stop.aborted) {
    const sessions = await sessionsToClear(db, endedBefore);
    if (sessions.length === 0) break;
    removed += await removeInBatches(db, sessions, stop);
    if (stop.aborted) break;
    // No index knows the deleted ones; they are few, and this runs once for many sessions.
    const deleted = await sql`
      delete from chat_messages where deleted_at is not null and session_id = any(${sessions}::uuid[])
    `.execute(db);
    removed += Number(deleted.numAffectedRows);
    await db.updateTable('sessions').set({ has_chat: false }).where('id', 'in', sessions).execute();
  }
  return removed;
}

async function sessionsToClear(db: Kysely<Database>, endedBefore: Date): Promise<SessionId[]> {
  const rows = await db
    .selectFrom('sessions')
    .innerJoin('meetings', 'meetings.id', 'sessions.meeting_id')
    .select('sessions.id')
    .where('sessions.has_chat', '=', true)
    .where('sessions.status', '=', 'ENDED')
    .where('sessions.ended_at', '<', endedBefore)
    .where('meetings.persist_chat', '=', false)
    .limit(BATCH_SESSIONS)
    .execute();
  return rows.map((row) => row.id);
}

async function removeInBatches(
  db: Kysely<Database>,
  sessions: SessionId[],
  stop: AbortSignal,
): Promise<number> {
  let removed = 0;
  while (!stop.aborted) {
    const { numAffectedRows } = await sql`
      delete from chat_messages where ctid in (
        select ctid from chat_messages
        where session_id = any(${sessions}::uuid[]) and deleted_at is null
        limit ${BATCH_MESSAGES}
      )
    `.execute(db);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < BATCH_MESSAGES) break;
  }
  return removed;
}
