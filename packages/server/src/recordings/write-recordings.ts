import type { NewRecording, Recording, StartReason } from '@parley/core';
import type { Transaction } from 'kysely';
import type { Database } from '../database/tables.js';
import type { AppId, MeetingId, RecordingId, SessionId } from '../ids.js';
import type { RecordingOrder } from './order.js';
import { columnsOf } from './state-of-row.js';

/** What a session's events mean for the rows of its recordings. */
export type RecordingWrite =
  | { kind: 'invoked'; at: Date; recording: NewRecording; start: StartReason }
  | { kind: 'changed'; recordingId: RecordingId; recording: Recording };

export interface RecordedSession {
  appId: AppId;
  meetingId: MeetingId;
  sessionId: SessionId;
}

/** In the order in which it happened: a recording may be invoked and stopped within one group. */
export async function writeRecordings(
  trx: Transaction<Database>,
  writes: readonly { session: RecordedSession; write: RecordingWrite }[],
): Promise<void> {
  for (const { session, write } of writes) {
    if (write.kind === 'changed') {
      await trx
        .updateTable('recordings')
        .set(columnsOf(write.recording))
        .where('id', '=', write.recordingId)
        .execute();
      continue;
    }
    const { id, type, order } = write.recording;
    const { outputFileName, recorderId } = order as RecordingOrder;
    await trx
      .insertInto('recordings')
      .values({
        id: id as RecordingId,
        app_id: session.appId,
        meeting_id: session.meetingId,
        session_id: session.sessionId,
        type,
        output_file_name: outputFileName,
        recorder_id: recorderId,
        recording_order: JSON.stringify(order),
        start_reason: JSON.stringify(write.start),
        invoked_at: write.at,
        ...columnsOf({ status: 'INVOKED' }),
      })
      .execute();
  }
}
