import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table livestreams (
      id uuid primary key,
      app_id uuid not null references apps(id),
      -- Null for a livestream of its own, into which somebody sends.
      meeting_id uuid unique references meetings(id),
      name text,
      status text not null check (status in ('IDLE', 'INVOKED', 'LIVE', 'ERRORED', 'OFFLINE')),
      disabled boolean not null default false,
      manual_ingest boolean not null default false,
      -- What nobody can guess of the address at which it is watched.
      playback_key text not null unique,
      -- Sealed, and hashed to be found by.
      stream_key text not null,
      stream_key_hash bytea not null unique,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index livestreams_by_app on livestreams (app_id, created_at desc, id desc);

    create table livestream_sessions (
      id uuid primary key,
      livestream_id uuid not null references livestreams(id),
      -- The next three are null for a livestream of its own.
      session_id uuid references sessions(id),
      livestreamer_id uuid unique,
      livestream_order jsonb,
      status text not null check (status in ('INVOKED', 'LIVE', 'ENDED', 'ERRORED')),
      error jsonb,
      ingest_ms bigint not null default 0,
      since timestamptz,
      viewer_seconds double precision not null default 0,
      invoked_at timestamptz not null,
      started_at timestamptz,
      stopped_at timestamptz,
      updated_at timestamptz not null
    );
    create index livestream_sessions_by_livestream on livestream_sessions (livestream_id, invoked_at desc, id desc);
    create index livestream_sessions_by_session on livestream_sessions (session_id);
    create unique index livestream_sessions_running on livestream_sessions (livestream_id)
      where status in ('INVOKED', 'LIVE');
  `.execute(db);
}
