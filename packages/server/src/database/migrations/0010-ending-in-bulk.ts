import { type Kysely, sql } from 'kysely';

/**
 * The end of a session changes the row of everybody who is in. Pages that are half empty take the new version of a
 * row beside the old one, without a word to the indexes; and of events that the server writes for a session it has
 * just locked, nobody has to ask again whether the session exists.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table session_peers set (fillfactor = 50);
    alter table peer_events drop constraint peer_events_session_id_fkey;
  `.execute(db);
}
