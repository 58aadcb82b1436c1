import { type Kysely, sql } from 'kysely';

/** How the meetings of an app are recorded where neither the start call nor the meeting says otherwise. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table apps add column recording_config jsonb`.execute(db);
}
