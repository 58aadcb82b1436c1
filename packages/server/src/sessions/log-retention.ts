import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';

/** An ended session is in the tables; its log only helps to look into what went wrong lately. */
const LOG_KEPT_MS = 24 * 60 * 60_000;
/** Entries removed in one statement, so that none holds locks for long. */
const BATCH_ENTRIES = 5_000;

/** Removes the logs of sessions that ended a day ago. Ends early when `stop` is aborted; answers how many entries. */
export async function clearEndedLogs(db: Kysely<Database>, now: Date, stop: AbortSignal): Promise<number> {
  const endedBefore = new Date(now.getTime() - LOG_KEPT_MS);
  let removed = 0;
  while (!stop.aborted) {
    const { numAffectedRows } = await sql`
      delete from session_events where ctid in (
        select entry.ctid from session_events as entry
        join sessions on sessions.id = entry.session_id
        where sessions.status = 'ENDED' and sessions.ended_at < ${endedBefore}
        limit ${BATCH_ENTRIES}
      )
    `.execute(db);
    removed += Number(numAffectedRows);
    if (Number(numAffectedRows) < BATCH_ENTRIES) break;
  }
  return removed;
}
