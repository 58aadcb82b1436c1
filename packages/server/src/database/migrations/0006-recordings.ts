import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table recordings (
      id uuid primary key,
      app_id uuid not null references apps(id),
      meeting_id uuid not null references meetings(id),
      session_id uuid not null references sessions(id),
      type text not null check (type in ('BROWSER', 'TRACK', 'COMPOSITE')),
      status text not null
        check (status in ('INVOKED', 'RECORDING', 'PAUSED', 'UPLOADING', 'UPLOADED', 'ERRORED')),
      output_file_name text not null,
      recorder_id uuid not null unique,
      recording_order jsonb not null,
      start_reason jsonb not null,
      stop_reason jsonb,
      error jsonb,
      gaps jsonb not null default '[]',
      recorded_ms bigint not null default 0,
      since timestamptz,
      invoked_at timestamptz not null,
      started_at timestamptz,
      stopped_at timestamptz,
      uploaded_at timestamptz,
      expires_at timestamptz
    );
    create index recordings_by_app on recordings (app_id, invoked_at desc, id desc);
    create index recordings_by_meeting on recordings (meeting_id, invoked_at desc);
    create index recordings_unfinished on recordings (id)
      where status in ('INVOKED', 'RECORDING', 'PAUSED', 'UPLOADING');
    create index recordings_by_expiry on recordings (expires_at);

    create table recording_files (
      id uuid primary key,
      recording_id uuid not null references recordings(id),
      kind text not null check (kind in ('video', 'audio')),
      -- Of track recordings only: the layer, and whose voice it is.
      layer text,
      participant_id uuid,
      peer_id uuid,
      name text not null,
      size_bytes bigint not null,
      duration_ms bigint not null,
      removed_at timestamptz,
      unique (recording_id, name)
    );

    create table recording_uploads (
      file_id uuid primary key references recording_files(id),
      -- Where an upload that was cut off goes on; the storage's own words.
      resume jsonb,
      attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      -- Why the last attempt failed.
      error text,
      finished_at timestamptz
    );
  `.execute(db);
}
