import { randomUUID } from 'node:crypto';
import type { Insertable, Kysely } from 'kysely';
import type { Database } from '../../src/database/tables.js';
import type { AppId, MeetingId } from '../../src/ids.js';

/** An app in an account of its own; answers its id. */
export async function insertApp(db: Kysely<Database>, at: Date): Promise<AppId> {
  const [accountId, appId] = [randomUUID(), randomUUID() as AppId];
  await db.insertInto('accounts').values({ id: accountId, name: 'Test' }).execute();
  await db
    .insertInto('apps')
    .values({ id: appId, account_id: accountId, name: 'App', created_at: at })
    .execute();
  return appId;
}

/** A meeting that wants nothing in particular, but for the columns given; answers its id. */
export async function insertMeeting(
  db: Kysely<Database>,
  app_id: AppId,
  at: Date,
  columns: Partial<Insertable<Database['meetings']>> = {},
): Promise<MeetingId> {
  const id = columns.id ?? (randomUUID() as MeetingId);
  await db
    .insertInto('meetings')
    .values({
      id,
      app_id,
      title: null,
      status: 'ACTIVE',
      record_on_start: false,
      live_stream_on_start: false,
      persist_chat: false,
      summarize_on_end: false,
      transcribe_on_end: false,
      session_keep_alive_time_in_secs: 60,
      preferred_region: null,
      created_at: at,
      updated_at: at,
      ...columns,
    })
    .execute();
  return id;
}
