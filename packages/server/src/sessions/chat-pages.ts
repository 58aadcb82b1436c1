import type { chat } from '@parley/wire';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import type { SessionId } from '../ids.js';

const PAGE_MAX_MESSAGES = 1000;
const SEARCH_MAX_MESSAGES = 100;

/**
 * One page of the messages that a participant may read, from a point in time on or back from it (`reversed`);
 * optionally the pinned ones, or those exchanged in private with another participant (features.md H09). Nearest to
 * the given time first.
 */
export async function pageOfMessages(
  db: Kysely<Database>,
  sessionId: string,
  participantId: string,
  query: chat.GetPaginatedChatMessageRoomRequest,
): Promise<chat.GetPaginatedChatMessageRoomResponse> {
  const size = Math.min(Math.max(1, query.size), PAGE_MAX_MESSAGES);
  const from = new Date(query.timeStamp > 0 ? query.timeStamp : query.reversed ? Date.now() : 0);
  if (Number.isNaN(from.getTime())) return { messages: [], next: false };
  const filters = query.filters;
  let select = db
    .selectFrom('chat_messages')
    .selectAll()
    .where('session_id', '=', sessionId as SessionId)
    .where('deleted_at', 'is', null)
    .where('created_at', query.reversed ? '<' : '>', from)
    .orderBy('created_at', query.reversed ? 'desc' : 'asc')
    .orderBy('seq', query.reversed ? 'desc' : 'asc')
    .offset(Math.max(0, query.from))
    .limit(size + 1);
  if (filters?.userId) {
    const both = [participantId, filters.userId];
    select = select.where(sql<boolean>`target_participant_ids @> ${both}::text[]`);
  } else if (filters?.pinned) {
    select = select.where('pinned', '=', true).where(sql<boolean>`target_participant_ids = '{}'`);
  } else {
    select = select.where(sql<boolean>`target_participant_ids = '{}'`);
  }
  const rows = await select.execute();
  const messages = rows.slice(0, size).map((row) => ({
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
  }));
  return { messages, next: rows.length > size };
}

/** Looks in the history that a late joiner gets; no caller in the SDK of today (protocol.md 11). */
export function searchMessages(
  history: chat.GetChatMessagesResponse,
  query: chat.SearchChatMessagesRequest,
): chat.GetChatMessagesResponse {
  const term = query.searchTerm.toLowerCase();
  const found = history.messages.filter((message) => message.payload.toLowerCase().includes(term));
  return { messages: found.slice(-SEARCH_MAX_MESSAGES) };
}
