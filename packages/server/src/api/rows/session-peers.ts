import { type Kysely, type Selectable, sql } from 'kysely';
import type { Database, PeerEventsTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import type { AppId, ParticipantId, PeerId, SessionId } from '../../ids.js';
import type { PeerEventView, PeerFilter, SessionPeerView } from '../schemas/sessions.js';
import { fetchPage, type Rows } from './page.js';
import { searchCondition } from './search.js';
import { roundMinutes } from './sessions.js';

/** One connection, or in the consolidated view all those of a participant together. */
export interface SessionPeerRow {
  session_id: SessionId;
  peer_id: PeerId;
  participant_id: ParticipantId;
  custom_participant_id: string;
  display_name: string;
  preset_name: string;
  joined_at: Date;
  left_at: Date | null;
  minutes: number;
}

export type PeerEventRow = Selectable<PeerEventsTable> & { minutes: number };

export const toSessionPeer = (row: SessionPeerRow, events?: PeerEventRow[]): SessionPeerView => ({
  id: row.peer_id,
  user_id: row.participant_id,
  custom_participant_id: row.custom_participant_id,
  display_name: row.display_name,
  preset_name: row.preset_name,
  joined_at: row.joined_at.toISOString(),
  ...(row.left_at !== null && { left_at: row.left_at.toISOString() }),
  duration: roundMinutes(row.minutes),
  created_at: row.joined_at.toISOString(),
  updated_at: (row.left_at ?? row.joined_at).toISOString(),
  ...(events && { peer_events: events.map(toPeerEvent) }),
});

const VIEW_TYPES = ['GROUP_CALL', 'WEBINAR', 'AUDIO_ROOM', 'LIVESTREAM', 'CHAT'] as const;

const toPeerEvent = (row: PeerEventRow): PeerEventView => ({
  id: row.id,
  peer_id: row.peer_id,
  participant_id: row.participant_id,
  session_id: row.session_id,
  socket_session_id: null,
  event_name: row.event_name,
  minutes_consumed: roundMinutes(row.minutes),
  preset_view_type: VIEW_TYPES.find((viewType) => viewType === row.view_type) ?? null,
  created_at: row.created_at.toISOString(),
  updated_at: row.created_at.toISOString(),
});

/** Of all stays of the peer in the session; the time between them is not counted (features.md PA02). */
const minutesOf = (now: Date) =>
  sql<number>`peer.earlier_minutes + extract(
    epoch from coalesce(peer.left_at, ${now}::timestamptz) - coalesce(peer.rejoined_at, peer.joined_at)
  )::float8 / 60`;

/** Every connection of a session; recorders are no participants (features.md R32). */
const rawPeers = (db: Kysely<Database>, now: Date) =>
  db
    .selectFrom('session_peers as peer')
    .select([
      'peer.session_id',
      'peer.peer_id',
      'peer.participant_id',
      'peer.custom_participant_id',
      'peer.display_name',
      'peer.preset_name',
      'peer.joined_at',
      'peer.left_at',
      minutesOf(now).as('minutes'),
    ])
    .where('peer.recorder_type', '=', 'NONE');

/** A session with those of its connected meetings. */
const withRooms = (db: Kysely<Database>, id: SessionId) =>
  db
    .selectFrom('sessions')
    .select('id')
    .where((eb) => eb.or([eb('id', '=', id), eb('parent_session_id', '=', id)]));

/**
 * One row for each participant: from the first join to the last leave, named as at the last join, with the time in
 * connected meetings added up (features.md B12).
 */
const consolidatedPeers = (db: Kysely<Database>, sessionId: SessionId, now: Date) => {
  const last = <Column extends string>(column: Column) =>
    sql<string>`(array_agg(${sql.ref(`peer.${column}`)} order by peer.joined_at desc))[1]`;
  return db
    .selectFrom('session_peers as peer')
    .select([
      sql<SessionId>`${sessionId}::uuid`.as('session_id'),
      sql<PeerId>`${last('peer_id')}`.as('peer_id'),
      'peer.participant_id',
      last('custom_participant_id').as('custom_participant_id'),
      last('display_name').as('display_name'),
      last('preset_name').as('preset_name'),
      sql<Date>`min(peer.joined_at)`.as('joined_at'),
      sql<Date | null>`case when bool_and(peer.left_at is not null) then max(peer.left_at) end`.as('left_at'),
      sql<number>`sum(${minutesOf(now)})`.as('minutes'),
    ])
    .where('peer.session_id', 'in', withRooms(db, sessionId))
    .where('peer.recorder_type', '=', 'NONE')
    .groupBy('peer.participant_id');
};

export async function findSessionPeers(
  db: Kysely<Database>,
  sessionId: SessionId,
  { search, sort_by, sort_order, view }: PeerFilter,
  page: Page,
  now: Date,
): Promise<Rows<SessionPeerRow>> {
  const source = view === 'consolidated' ? consolidatedPeers(db, sessionId, now) : rawPeers(db, now);
  const order = sort_order === 'DESC' ? 'desc' : 'asc';
  let query = db.selectFrom(source.as('peer')).selectAll().where('peer.session_id', '=', sessionId);
  if (search) {
    const ids = ['peer.participant_id', 'peer.peer_id'];
    query = query.where(searchCondition(search, ['peer.custom_participant_id', 'peer.display_name'], ids));
  }
  const sorted = sort_by === 'duration' ? 'peer.minutes' : 'peer.joined_at';
  return await fetchPage(query.orderBy(sorted, order).orderBy('peer.peer_id', order), page);
}

/** The events of several peers in one query, by peer id, wherever in the session or its rooms they were. */
export async function findPeerEvents(
  db: Kysely<Database>,
  sessionId: SessionId,
  peerIds: PeerId[],
): Promise<Map<PeerId, PeerEventRow[]>> {
  const events = new Map<PeerId, PeerEventRow[]>(peerIds.map((peerId) => [peerId, []]));
  if (peerIds.length === 0) return events;
  const rows = await db
    .selectFrom('peer_events as event')
    .selectAll('event')
    // What a stay consumed is booked on the event that ends it; the event before is the join.
    .select(
      sql<number>`case event.event_name when 'PEER_LEAVING' then coalesce(
        extract(epoch from event.created_at - lag(event.created_at) over (
          partition by event.peer_id order by event.created_at, event.id
        ))::float8 / 60, 0) else 0 end`.as('minutes'),
    )
    .where('event.session_id', 'in', withRooms(db, sessionId))
    .where('event.peer_id', 'in', peerIds)
    .orderBy('event.created_at')
    .orderBy('event.id')
    .execute();
  for (const row of rows) events.get(row.peer_id)?.push(row);
  return events;
}

/**
 * A connection of a session, found by its peer id or by its participant's id; of several connections of the
 * participant, the last.
 */
export async function getSessionPeer(
  db: Kysely<Database>,
  sessionId: SessionId,
  id: string,
  now: Date,
): Promise<SessionPeerRow> {
  const row = await rawPeers(db, now)
    .where('peer.session_id', '=', sessionId)
    .where((eb) =>
      eb.or([eb('peer.peer_id', '=', id as PeerId), eb('peer.participant_id', '=', id as ParticipantId)]),
    )
    .orderBy('peer.joined_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('participant', id);
  return row;
}

/** The last connection with that peer id in any session of the app. */
export async function getPeer(
  db: Kysely<Database>,
  appId: AppId,
  peerId: PeerId,
  now: Date,
): Promise<SessionPeerRow> {
  const row = await rawPeers(db, now)
    .innerJoin('sessions as session', 'session.id', 'peer.session_id')
    .where('session.app_id', '=', appId)
    .where('peer.peer_id', '=', peerId)
    .orderBy('peer.joined_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('peer', peerId);
  return row;
}
