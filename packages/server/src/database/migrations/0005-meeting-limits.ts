import { type Kysely, sql } from 'kysely';

/**
 * Limits of a meeting's time; null means that the backend has set none. And which ended sessions have chat to be
 * cleared away one day, so that looking for it does not pass through all sessions that ever were.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table meetings
      add column max_session_minutes integer,
      add column ends_at timestamptz;

    alter table sessions add column has_chat boolean not null default false;
    update sessions set has_chat = true
      where status = 'ENDED' and exists (select from chat_messages where session_id = sessions.id);
    create index sessions_with_chat on sessions (ended_at) where has_chat and status = 'ENDED';
  `.execute(db);
}
