import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table chat_files (
      id uuid primary key,
      meeting_id uuid not null references meetings(id),
      participant_id uuid not null,
      name text not null,
      content_type text,
      size_bytes bigint,
      created_at timestamptz not null,
      upload_until timestamptz not null,
      claimed_at timestamptz,
      stored_at timestamptz,
      expires_at timestamptz
    );
    create index chat_files_by_participant on chat_files (participant_id, created_at);
    create index chat_files_unfinished on chat_files (upload_until) where stored_at is null;
    create index chat_files_by_expiry on chat_files (expires_at);
  `.execute(db);
}
