import { type Kysely, sql } from 'kysely';

/**
 * Blocks of participants. A hash index, because a custom id may be longer than an entry of an ordered one. A
 * block survives what it names: a deleted participant's tokens stay refused for the same reason.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table blocks (
      id uuid primary key,
      app_id uuid not null references apps(id),
      meeting_id uuid references meetings(id),
      participant_id uuid,
      custom_participant_id text,
      reason text,
      expires_at timestamptz,
      created_at timestamptz not null,
      check ((participant_id is null) <> (custom_participant_id is null))
    );
    create index blocks_by_app on blocks (app_id, created_at desc, id);
    create index blocks_by_meeting on blocks (meeting_id, created_at desc, id);
    create index blocks_by_participant on blocks (participant_id) where participant_id is not null;
    create index blocks_by_custom_participant on blocks using hash (custom_participant_id);
    create index blocks_by_expiry on blocks (expires_at) where expires_at is not null;
  `.execute(db);
}
