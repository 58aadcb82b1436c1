import { type Kysely, sql } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table accounts (
      id text primary key,
      name text not null,
      created_at timestamptz not null default now()
    );

    create table api_tokens (
      id uuid primary key,
      account_id text not null references accounts(id),
      name text not null,
      token_hash bytea not null unique,
      permissions text[] not null,
      created_at timestamptz not null default now(),
      revoked_at timestamptz
    );

    create table signing_keys (
      purpose text primary key,
      private_key text not null,
      created_at timestamptz not null default now()
    );

    create table apps (
      id uuid primary key,
      account_id text not null references accounts(id),
      name text not null,
      created_at timestamptz not null
    );
    create index apps_by_account on apps (account_id, created_at desc);

    create table presets (
      id uuid primary key,
      app_id uuid not null references apps(id),
      name text not null,
      config jsonb not null,
      permissions jsonb not null,
      ui jsonb not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (app_id, name)
    );

    create table meetings (
      id uuid primary key,
      app_id uuid not null references apps(id),
      title text,
      status text not null check (status in ('ACTIVE', 'INACTIVE')),
      record_on_start boolean not null,
      live_stream_on_start boolean not null,
      persist_chat boolean not null,
      summarize_on_end boolean not null,
      transcribe_on_end boolean not null,
      session_keep_alive_time_in_secs integer not null,
      preferred_region text,
      recording_config jsonb,
      ai_config jsonb,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index meetings_by_app on meetings (app_id, created_at desc, id);

    create table participants (
      id uuid primary key,
      meeting_id uuid not null references meetings(id),
      preset_id uuid not null references presets(id),
      custom_participant_id text not null,
      name text,
      picture text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create index participants_by_meeting on participants (meeting_id, created_at desc, id) where deleted_at is null;
    create index participants_by_preset on participants (preset_id) where deleted_at is null;

    create table sessions (
      id uuid primary key,
      app_id uuid not null references apps(id),
      meeting_id uuid not null references meetings(id),
      title text not null,
      status text not null check (status in ('LIVE', 'ENDED')),
      end_reason text,
      live_participants integer not null,
      max_concurrent_participants integer not null,
      minutes_consumed double precision not null,
      keep_alive_secs integer not null,
      last_seq bigint not null,
      started_at timestamptz not null,
      ended_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create unique index one_live_session_per_meeting on sessions (meeting_id) where status = 'LIVE';
    create index sessions_by_app on sessions (app_id, created_at desc, id);
    create index sessions_by_meeting on sessions (meeting_id, created_at desc);

    create table session_events (
      session_id uuid not null references sessions(id),
      seq bigint not null,
      at timestamptz not null,
      type text not null,
      data jsonb not null,
      primary key (session_id, seq)
    );

    create table session_peers (
      session_id uuid not null references sessions(id),
      peer_id uuid not null,
      participant_id uuid not null,
      custom_participant_id text not null,
      display_name text not null,
      picture text,
      preset_id uuid not null,
      preset_name text not null,
      view_type text not null,
      hidden boolean not null,
      recorder_type text not null,
      joined_at timestamptz not null,
      rejoined_at timestamptz,
      earlier_minutes double precision not null default 0,
      left_at timestamptz,
      leave_reason text,
      primary key (session_id, peer_id)
    );
    create index session_peers_by_peer on session_peers (peer_id);
    create index session_peers_by_participant on session_peers (participant_id);

    create table peer_events (
      id uuid primary key,
      session_id uuid not null references sessions(id),
      peer_id uuid not null,
      participant_id uuid not null,
      event_name text not null,
      view_type text not null,
      created_at timestamptz not null
    );
    create index peer_events_by_session on peer_events (session_id, peer_id, created_at);

    create table chat_messages (
      id uuid primary key,
      meeting_id uuid not null references meetings(id),
      session_id uuid not null references sessions(id),
      seq bigint not null,
      peer_id uuid not null,
      participant_id uuid not null,
      display_name text not null,
      payload_type integer not null,
      payload text not null,
      target_participant_ids text[] not null,
      pinned boolean not null default false,
      edited boolean not null default false,
      created_at timestamptz not null,
      deleted_at timestamptz
    );
    create index chat_messages_by_meeting on chat_messages (meeting_id, created_at, seq) where deleted_at is null;
    create index chat_messages_by_session on chat_messages (session_id, seq) where deleted_at is null;

    create table webhooks (
      id uuid primary key,
      app_id uuid not null references apps(id),
      name text not null,
      url text not null,
      events text[] not null,
      enabled boolean not null,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index webhooks_by_app on webhooks (app_id);

    -- Without a foreign key on webhook_id: the commit of a session must neither wait for a webhook that is
    -- being deleted nor fail because of it. Deliveries of deleted webhooks are cleared away with the old ones.
    create table webhook_deliveries (
      id uuid primary key,
      position bigserial not null,
      webhook_id uuid not null,
      session_id uuid,
      event text not null,
      body text not null,
      status text not null check (status in ('PENDING', 'DELIVERED', 'FAILED')),
      attempts integer not null default 0,
      round_attempts integer not null default 0,
      next_attempt_at timestamptz not null,
      retry_until timestamptz not null,
      created_at timestamptz not null,
      finished_at timestamptz
    );
    create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_attempt_at, position)
      where status = 'PENDING';
    create index webhook_deliveries_in_order on webhook_deliveries (webhook_id, session_id, position)
      where status = 'PENDING';
    create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id, position desc);
    create index webhook_deliveries_by_age on webhook_deliveries using brin (created_at);

    create table webhook_attempts (
      delivery_id uuid not null references webhook_deliveries(id) on delete cascade,
      attempt integer not null,
      at timestamptz not null,
      duration_ms integer not null,
      http_status integer,
      error text,
      primary key (delivery_id, attempt)
    );
  `.execute(db);
}
