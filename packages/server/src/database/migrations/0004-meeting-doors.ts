import { type Kysely, sql } from 'kysely';

/** Lock and size of a meeting. Null means that the backend has never set it, and is not told of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table meetings
      add column locked boolean,
      add column max_participants integer;
  `.execute(db);
}
