import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- Timed metadata of interactive recordings, until their files are made.
    create table recording_cues (
      recording_id uuid not null references recordings(id),
      -- In the log of the session.
      seq bigint not null,
      at timestamptz not null,
      text text not null,
      primary key (recording_id, seq)
    );
  `.execute(db);
}
