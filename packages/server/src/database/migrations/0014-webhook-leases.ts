import { type Kysely, sql } from 'kysely';

/** The end of a lease and the time of a retry stand in one column; from now on it is told which of them it is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table webhook_deliveries add column leased boolean not null default false`.execute(db);
}
