import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import { ApiError } from '../http/errors.js';
import type { SessionId } from '../ids.js';

/** Messages read at once, some megabytes at the most; the export of a long session is never in memory as a whole. */
const BATCH_MESSAGES = 200;
const COLUMNS =
  'id,participantId,sessionId,meetingId,displayName,pinned,isEdited,payloadType,payload,createdAt';
/** By the numbers of the wire; a custom message is JSON text (features.md H18). */
const PAYLOAD_TYPES = ['TEXT_MESSAGE', 'IMAGE_MESSAGE', 'FILE_MESSAGE', 'CUSTOM_MESSAGE'];

/** Throws 404 when nobody wrote in the session, or all was deleted. */
export async function requireChat(db: Kysely<Database>, sessionId: SessionId): Promise<void> {
  const row = await db
    .selectFrom('chat_messages')
    .select('id')
    .where('session_id', '=', sessionId)
    .where('deleted_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (!row) throw new ApiError(404, `No chat export found for session_id ${sessionId}`);
}

/**
 * The chat of a session as CSV (RFC 4180) in the order in which it was written, as it is at this moment: without
 * deleted messages, with private ones, since it is for the backend (features.md H17, H18). Times are ISO 8601.
 */
export async function* chatAsCsv(db: Kysely<Database>, sessionId: SessionId): AsyncGenerator<string> {
  yield `${COLUMNS}\r\n`;
  for (let lastSeq = '-1'; ; ) {
    const rows = await db
      .selectFrom('chat_messages')
      .selectAll()
      .where('session_id', '=', sessionId)
      .where('deleted_at', 'is', null)
      .where('seq', '>', lastSeq)
      .orderBy('seq')
      .limit(BATCH_MESSAGES)
      .execute();
    const lines = rows.map((row) =>
      [
        row.id,
        row.participant_id,
        row.session_id,
        row.meeting_id,
        row.display_name,
        String(row.pinned),
        String(row.edited),
        PAYLOAD_TYPES[row.payload_type] ?? 'CUSTOM_MESSAGE',
        payloadOf(row),
        row.created_at.toISOString(),
      ]
        .map(quoted)
        .join(','),
    );
    if (lines.length > 0) yield `${lines.join('\r\n')}\r\n`;
    if (rows.length < BATCH_MESSAGES) return;
    lastSeq = rows.at(-1)?.seq ?? lastSeq;
  }
}

const quoted = (field: string): string => `"${field.replaceAll('"', '""')}"`;

const FILE = 2;

/** The link of a file, as of a picture; on the wire a file's link stands in JSON (rest-api.md 1.7). */
function payloadOf({ payload_type, payload }: { payload_type: number; payload: string }): string {
  if (payload_type !== FILE) return payload;
  const { link } = JSON.parse(payload) as { link: string };
  return link;
}
