import { apply, type DurableEvent, emptyMeeting, type MeetingState } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import type { MeetingId, SessionId } from '../ids.js';
import type { SessionRecord } from './changes.js';
import { MEETING_COLUMNS, type MeetingInfo, toMeetingInfo } from './meeting-info.js';

export interface RecoveredSession {
  meeting: MeetingInfo;
  record: SessionRecord;
  state: MeetingState;
}

/** The meetings that had a live session when the server stopped, however it stopped. */
export async function meetingsWithLiveSession(db: Kysely<Database>): Promise<MeetingId[]> {
  const rows = await db.selectFrom('sessions').select('meeting_id').where('status', '=', 'LIVE').execute();
  return rows.map((row) => row.meeting_id);
}

/** The live session of a meeting as its log tells it; null when it has none. */
export async function recoverSession(
  db: Kysely<Database>,
  meetingId: MeetingId,
): Promise<RecoveredSession | null> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('meetings', 'meetings.id', 'sessions.meeting_id')
    .innerJoin('apps', 'apps.id', 'sessions.app_id')
    .selectAll('sessions')
    .select(MEETING_COLUMNS)
    .where('sessions.meeting_id', '=', meetingId)
    .where('sessions.status', '=', 'LIVE')
    .executeTakeFirst();
  if (!row) return null;

  const state = emptyMeeting(meetingId);
  for (const event of await logOf(db, row.id)) apply(state, event);
  return {
    state,
    meeting: toMeetingInfo(row),
    record: {
      sessionId: row.id,
      meetingId,
      appId: row.app_id,
      appName: row.app_name,
      title: row.title,
      keepAliveSecs: row.keep_alive_secs,
      startedAt: row.started_at,
      lastSeq: Number(row.last_seq),
      live: row.live_participants,
      peak: row.max_concurrent_participants,
      minutes: row.minutes_consumed,
    },
  };
}

async function logOf(db: Kysely<Database>, sessionId: SessionId): Promise<DurableEvent[]> {
  const rows = await db
    .selectFrom('session_events')
    .select('data')
    .where('session_id', '=', sessionId)
    .orderBy('seq')
    .execute();
  return rows.map((row) => row.data as DurableEvent);
}
