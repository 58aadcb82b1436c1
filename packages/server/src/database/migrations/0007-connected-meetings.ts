import { type Kysely, sql } from 'kysely';

/**
 * Connected meetings (breakout rooms). A room is a meeting with a parent; a participant stays one of the parent, and
 * its place says into which meeting of the family it was moved last. A place has no foreign keys: the commit of a
 * session must not fail because a preset is deleted at that moment.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table meetings
      add column parent_meeting_id uuid references meetings(id),
      add column closed_at timestamptz;
    create index meetings_by_parent on meetings (parent_meeting_id, created_at, id)
      where parent_meeting_id is not null;
    alter table sessions add column parent_session_id uuid references sessions(id);
    create index sessions_by_parent on sessions (parent_session_id) where parent_session_id is not null;
    create table connected_places (
      participant_id uuid primary key,
      meeting_id uuid not null,
      preset_id uuid,
      main_session_id uuid not null,
      moved_at timestamptz not null
    );
    create index connected_places_by_meeting on connected_places (meeting_id);
  `.execute(db);
}
