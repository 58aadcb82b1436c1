import {
  CHAT_HISTORY_MAX_CHARACTERS,
  CHAT_HISTORY_MESSAGES,
  type ChatMessage,
  isStorable,
} from '@parley/core';
import type { chat } from '@parley/wire';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ChatMessagesTable, Database } from '../database/tables.js';

/** Pages of the kit have 25 messages; a query without a size asks for as many. */
const PAGE_DEFAULT_MESSAGES = 25;
const PAGE_MAX_MESSAGES = 1000;
const SEARCH_MAX_MESSAGES = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whose messages a page may have: those of the session, and with `persistChat` the public ones before it. */
export interface ChatScope {
  meetingId: string;
  sessionId: string;
  participantId: string;
  /** The meeting keeps its chat from session to session (features.md H16). */
  persistChat: boolean;
}

/**
 * One page of the messages that a participant may read, from a point in time on or back from it (`reversed`), that
 * point included; optionally the pinned ones, or those exchanged in private with another participant (features.md
 * H09). Nearest to the given time first.
 *
 * The kit asks for the next page from one millisecond beyond the last message it has. A page therefore never ends
 * amid the messages of one millisecond: it is longer than asked for rather than lose the rest of them.
 */
export async function pageOfMessages(
  db: Kysely<Database>,
  scope: ChatScope,
  query: chat.GetPaginatedChatMessageRoomRequest,
): Promise<chat.GetPaginatedChatMessageRoomResponse> {
  const size = query.size > 0 ? Math.min(query.size, PAGE_MAX_MESSAGES) : PAGE_DEFAULT_MESSAGES;
  const from = new Date(query.timeStamp > 0 ? query.timeStamp : query.reversed ? Date.now() : 0);
  if (Number.isNaN(from.getTime()) || !isStorable(query.filters?.userId ?? '')) {
    return { messages: [], next: false };
  }
  const direction = query.reversed ? sql`desc` : sql`asc`;
  const readable = sql`${scopeCondition(scope)} and ${filterCondition(scope, query.filters)}`;
  const { rows } = await sql<Selectable<ChatMessagesTable>>`
    select * from (
      select * from chat_messages
      where ${readable} and created_at ${query.reversed ? sql`<=` : sql`>=`} ${from}
      order by created_at ${direction}
      offset ${Math.max(0, query.from)}
      fetch first ${sql.lit(size)} rows with ties
    ) as page
    order by created_at ${direction}, seq ${direction}
  `.execute(db);
  const last = rows.at(-1);
  if (!last || rows.length < size) return { messages: rows.map(toWire), next: false };
  const beyond = await sql<{ more: boolean }>`
    select exists (
      select from chat_messages
      where ${readable} and created_at ${query.reversed ? sql`<` : sql`>`} ${last.created_at}
    ) as more
  `.execute(db);
  return { messages: rows.map(toWire), next: beyond.rows[0]?.more ?? false };
}

/**
 * The last public messages before this session, the oldest first, for who joins a meeting that keeps its chat. With
 * those of the session they are no more than the rules keep for one session.
 */
export async function earlierMessages(
  db: Kysely<Database>,
  scope: Pick<ChatScope, 'meetingId' | 'sessionId'>,
  held: { messages: number; characters: number },
): Promise<chat.ChatMessage[]> {
  const limit = CHAT_HISTORY_MESSAGES - held.messages;
  if (limit <= 0) return [];
  const { rows } = await sql<Selectable<ChatMessagesTable>>`
    select * from chat_messages
    where meeting_id = ${scope.meetingId} and session_id <> ${scope.sessionId} and deleted_at is null
      and target_participant_ids = '{}'
    order by created_at desc, seq desc
    limit ${limit}
  `.execute(db);
  let characters = held.characters;
  const fitting = rows.filter((row) => {
    characters += row.payload.length;
    return characters <= CHAT_HISTORY_MAX_CHARACTERS;
  });
  return fitting.reverse().map(toWire);
}

/**
 * A message that the session's memory has dropped, or of an earlier session where the meeting keeps its chat; null
 * when there is none in the scope. Who may read or change it is for the rules to judge.
 */
export async function storedMessage(
  db: Kysely<Database>,
  scope: ChatScope,
  messageId: string,
): Promise<ChatMessage | null> {
  if (!UUID.test(messageId)) return null;
  const { rows } = await sql<Selectable<ChatMessagesTable>>`
    select * from chat_messages where id = ${messageId} and ${scopeCondition(scope)}
  `.execute(db);
  const row = rows[0];
  if (!row) return null;
  return {
    id: row.id,
    peerId: row.peer_id,
    participantId: row.participant_id,
    displayName: row.display_name,
    payloadType: row.payload_type,
    payload: row.payload,
    targetParticipantIds: row.target_participant_ids,
    pinned: row.pinned,
    edited: row.edited,
    sentAt: row.created_at.getTime(),
  };
}

function scopeCondition({ meetingId, sessionId, persistChat }: ChatScope) {
  const own = sql<boolean>`meeting_id = ${meetingId} and deleted_at is null`;
  return persistChat
    ? sql<boolean>`${own} and (session_id = ${sessionId} or target_participant_ids = '{}')`
    : sql<boolean>`${own} and session_id = ${sessionId}`;
}

function filterCondition(
  { participantId }: ChatScope,
  filters: chat.GetPaginatedChatMessageRoomRequest['filters'],
) {
  if (filters?.userId)
    return sql<boolean>`target_participant_ids @> ${[participantId, filters.userId]}::text[]`;
  const isPublic = sql<boolean>`target_participant_ids = '{}'`;
  return filters?.pinned ? sql<boolean>`pinned and ${isPublic}` : isPublic;
}

const toWire = (row: Selectable<ChatMessagesTable>): chat.ChatMessage => ({
  chatId: row.id,
  peerId: row.peer_id,
  userId: row.participant_id,
  displayName: row.display_name,
  pinned: row.pinned,
  isEdited: row.edited,
  payloadType: row.payload_type,
  payload: row.payload,
  targetUserIds: row.target_participant_ids,
  createdAt: Math.floor(row.created_at.getTime() / 1000),
  createdAtMs: row.created_at.getTime(),
});

/** Looks in the history that a late joiner gets; no caller in the SDK of today (protocol.md 11). */
export function searchMessages(
  history: chat.GetChatMessagesResponse,
  query: chat.SearchChatMessagesRequest,
): chat.GetChatMessagesResponse {
  const term = query.searchTerm.toLowerCase();
  const found = history.messages.filter((message) => message.payload.toLowerCase().includes(term));
  return { messages: found.slice(-SEARCH_MAX_MESSAGES) };
}
