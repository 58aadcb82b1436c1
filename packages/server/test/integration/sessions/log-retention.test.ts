import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clearEndedLogs } from '../../../src/sessions/log-retention.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

const HOUR_MS = 60 * 60_000;
const now = new Date('2026-07-02T12:00:00Z');

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database?.close());

it('removes the logs of sessions that ended a day ago, and no others', async () => {
  const live = await session(null);
  const lately = await session(new Date(now.getTime() - 23 * HOUR_MS));
  const longAgo = await session(new Date(now.getTime() - 25 * HOUR_MS));

  expect(await clearEndedLogs(database.db, now, new AbortController().signal)).toBe(2);
  const rows = await database.db.selectFrom('session_events').select('session_id').distinct().execute();
  expect(new Set(rows.map((row) => row.session_id))).toEqual(new Set([live, lately]));
  expect(rows).not.toContainEqual({ session_id: longAgo });
});

it('does nothing once it is told to stop', async () => {
  await session(new Date(0));
  expect(await clearEndedLogs(database.db, now, AbortSignal.abort())).toBe(0);
});

/** A session with two entries in its log. */
async function session(endedAt: Date | null): Promise<string> {
  const [account, app, meeting, id] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const { db } = database;
  await sql`insert into accounts (id, name) values (${account}, 'a')`.execute(db);
  await sql`insert into apps (id, account_id, name, created_at) values (${app}, ${account}, 'a', now())`.execute(
    db,
  );
  await sql`
    insert into meetings (id, app_id, status, record_on_start, live_stream_on_start, persist_chat, summarize_on_end,
      transcribe_on_end, session_keep_alive_time_in_secs, created_at, updated_at)
    values (${meeting}, ${app}, 'ACTIVE', false, false, false, false, false, 60, now(), now())
  `.execute(db);
  await sql`
    insert into sessions (id, app_id, meeting_id, title, status, live_participants, max_concurrent_participants,
      minutes_consumed, keep_alive_secs, last_seq, started_at, ended_at, created_at, updated_at)
    values (${id}, ${app}, ${meeting}, '', ${endedAt ? 'ENDED' : 'LIVE'}, 0, 0, 0, 60, 2, now(), ${endedAt}, now(), now())
  `.execute(db);
  await sql`
    insert into session_events (session_id, seq, at, type, data)
    select ${id}, seq, now(), 'PeerLeft', '{}' from generate_series(1, 2) as seq
  `.execute(db);
  return id;
}
