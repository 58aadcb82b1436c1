import { isStorable } from '@parley/core';
import { type Kysely, sql, type Transaction } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database } from '../../database/tables.js';
import type { MeetingId, ParticipantId } from '../../ids.js';
import type { Changes } from '../changes.js';

/** A connected meeting that is open. */
export interface Room {
  id: MeetingId;
  title: string;
}

/**
 * Where people that were moved belong from now on; in the transaction in which they leave, so that nobody is ever out
 * of one meeting without being expected in the other.
 */
export async function writePlaces(trx: Transaction<Database>, group: readonly Changes[]): Promise<void> {
  const places = group.flatMap(({ record, moved }) =>
    moved.map(({ to, at }) => ({ ...to, at, mainSessionId: record.parentSessionId ?? record.sessionId })),
  );
  if (places.length === 0) return;
  // A participant is moved with all his tabs, and has one place.
  const latest = [...new Map(places.map((place) => [place.participantId, place])).values()];
  await sql`
    insert into connected_places (participant_id, meeting_id, preset_id, main_session_id, moved_at)
    select * from unnest(
      ${latest.map((place) => place.participantId)}::uuid[],
      ${latest.map((place) => place.meetingId)}::uuid[],
      ${latest.map((place) => place.presetId)}::uuid[],
      ${latest.map((place) => place.mainSessionId)}::uuid[],
      ${latest.map((place) => place.at)}::timestamptz[]
    )
    on conflict (participant_id) do update set
      meeting_id = excluded.meeting_id,
      preset_id = excluded.preset_id,
      main_session_id = excluded.main_session_id,
      moved_at = excluded.moved_at
  `.execute(trx);
}

/** Main meeting and open rooms; null when there is no such meeting. */
export async function loadRooms(
  db: Kysely<Database>,
  mainId: MeetingId,
): Promise<{ title: string; rooms: Room[] } | null> {
  const rows = await db
    .selectFrom('meetings')
    .select(['id', 'title'])
    .where((eb) =>
      eb.or([
        eb('id', '=', mainId),
        eb.and([eb('parent_meeting_id', '=', mainId), eb('closed_at', 'is', null)]),
      ]),
    )
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const all = rows.map(({ id, title }) => ({ id, title: title ?? '' }));
  const main = all.find((one) => one.id === mainId);
  return main ? { title: main.title, rooms: all.filter((one) => one !== main) } : null;
}

/**
 * Rooms are meetings of their own that take over what shapes a session. Recording, livestream and what is made after a
 * session stay off: they are the main meeting's, and a room has its own by its own settings (features.md B01).
 */
export async function insertRooms(
  db: Kysely<Database>,
  mainId: MeetingId,
  titles: readonly string[],
  now: Date,
): Promise<Room[]> {
  const rooms = titles.map((title) => ({ id: newId() as MeetingId, title }));
  await sql`
    insert into meetings (id, app_id, parent_meeting_id, title, status, record_on_start, live_stream_on_start,
      persist_chat, summarize_on_end, transcribe_on_end, session_keep_alive_time_in_secs, preferred_region,
      created_at, updated_at)
    select room.id, main.app_id, main.id, room.title, 'ACTIVE', false, false, main.persist_chat, false, false,
      main.session_keep_alive_time_in_secs, main.preferred_region, ${now}, ${now}
    from meetings as main, unnest(
      ${rooms.map(({ id }) => id)}::uuid[],
      ${rooms.map(({ title }) => title)}::text[]
    ) as room (id, title)
    where main.id = ${mainId}
  `.execute(db);
  return rooms;
}

/** From now on nobody comes in any more; those who are in are still to be moved out. */
export async function closeRoom(db: Kysely<Database>, id: MeetingId, now: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('meetings')
      .set({ status: 'INACTIVE', closed_at: now, updated_at: now })
      .where('id', '=', id)
      .execute();
    await trx.deleteFrom('connected_places').where('meeting_id', '=', id).execute();
  });
}

export async function titleOf(db: Kysely<Database>, id: MeetingId): Promise<string> {
  const row = await db.selectFrom('meetings').select('title').where('id', '=', id).executeTakeFirst();
  return row?.title ?? '';
}

export async function isActive(db: Kysely<Database>, id: MeetingId): Promise<boolean> {
  const row = await db.selectFrom('meetings').select('status').where('id', '=', id).executeTakeFirst();
  return row?.status === 'ACTIVE';
}

/** Whether the app of the meeting has all these presets. */
export async function presetsExist(
  db: Kysely<Database>,
  meetingId: MeetingId,
  presetIds: readonly string[],
): Promise<boolean> {
  const wanted = [...new Set(presetIds)];
  if (wanted.length === 0) return true;
  if (!wanted.every(isStorable)) return false;
  const rows = await db
    .selectFrom('presets')
    .innerJoin('meetings', 'meetings.app_id', 'presets.app_id')
    .select('presets.id')
    .where('meetings.id', '=', meetingId)
    // As text, since a client may send anything.
    .where(sql<string>`presets.id::text`, 'in', wanted)
    .execute();
  return rows.length === wanted.length;
}

/** Where participants were moved to in main sessions that are still going on, with what a token has to say. */
export async function placesOf(db: Kysely<Database>, participantIds: readonly ParticipantId[]) {
  return await db
    .selectFrom('connected_places as place')
    .innerJoin('participants', 'participants.id', 'place.participant_id')
    .innerJoin('meetings', 'meetings.id', 'place.meeting_id')
    .innerJoin('sessions as main_session', 'main_session.id', 'place.main_session_id')
    .select([
      'place.participant_id as participantId',
      'place.meeting_id as meetingId',
      'meetings.app_id as orgId',
    ])
    .select((eb) => eb.fn.coalesce('place.preset_id', 'participants.preset_id').as('presetId'))
    .where('place.participant_id', 'in', participantIds)
    .where('main_session.status', '=', 'LIVE')
    .execute();
}
