import { type Kysely, sql } from 'kysely';

/** Why a recording began late, or has not begun yet; null where it began in time. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table recordings add column start_delay jsonb`.execute(db);
}
