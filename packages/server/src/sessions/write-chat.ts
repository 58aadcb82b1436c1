import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/tables.js';
import type { SessionId } from '../ids.js';
import type { Changes } from './changes.js';

/** Folds chat events into the table that the export and the paging read (features.md H07, H18). */
export async function writeChat(trx: Transaction<Database>, group: Changes[]): Promise<void> {
  const events = group.flatMap(({ record: { sessionId, meetingId }, chat }) =>
    chat.map((one) => ({ ...one, sessionId, meetingId })),
  );
  // In the order they happened: a message may be sent and edited within one group.
  for (const { event, sessionId, meetingId, seq } of events) {
    switch (event.type) {
      case 'ChatMessageSent': {
        const { message } = event;
        await sql`
          insert into chat_messages (id, meeting_id, session_id, seq, peer_id, participant_id, display_name,
            payload_type, payload, target_participant_ids, created_at)
          values (${message.id}, ${meetingId}, ${sessionId}, ${seq}, ${message.peerId}, ${message.participantId},
            ${message.displayName}, ${message.payloadType}, ${message.payload},
            ${[...message.targetParticipantIds]}, ${new Date(message.sentAt)})
        `.execute(trx);
        break;
      }
      case 'ChatMessageEdited':
        await sql`
          update chat_messages set payload = ${event.payload}, edited = true where id = ${event.messageId}
        `.execute(trx);
        break;
      case 'ChatMessageDeleted':
        await sql`
          update chat_messages set deleted_at = ${new Date(event.at)} where id = ${event.messageId}
        `.execute(trx);
        break;
      case 'ChatMessagePinned':
        await sql`update chat_messages set pinned = ${event.pinned} where id = ${event.messageId}`.execute(
          trx,
        );
    }
  }
}

/**
 * Notes which of the sessions that end have chat to be cleared away later, and answers those that have any to show:
 * where every message was deleted there is nothing to export.
 */
export async function noteChatOfEnded(
  trx: Transaction<Database>,
  group: Changes[],
): Promise<ReadonlySet<SessionId>> {
  const ended = group.filter((changes) => changes.ended !== null);
  if (ended.length === 0) return new Set();
  const { rows } = await sql<{ id: SessionId; to_show: boolean }>`
    update sessions set has_chat = true
    where id = any(${ended.map(({ record }) => record.sessionId)}::uuid[])
      and exists (select from chat_messages where session_id = sessions.id)
    returning id, exists (
      select from chat_messages where session_id = sessions.id and deleted_at is null
    ) as to_show
  `.execute(trx);
  return new Set(rows.flatMap((row) => (row.to_show ? row.id : [])));
}
