import { apply, type DurableEvent, emptyMeeting, type MeetingState } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import type { MeetingId, SessionId } from '../ids.js';
import type { SessionRecord } from './changes.js';
import type { WhyRoomEnds } from './connected/finish-room.js';
import { MEETING_COLUMNS, type MeetingInfo, toMeetingInfo } from './meeting-info.js';

export interface RecoveredSession {
  meeting: MeetingInfo;
  /** What a connected meeting was on its way to when the server stopped: deleted, or ended with its main room. */
  unfinished: WhyRoomEnds | null;
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
    .leftJoin('sessions as main_session', 'main_session.id', 'sessions.parent_session_id')
    .selectAll('sessions')
    .select(MEETING_COLUMNS)
    .select([
      'meetings.closed_at',
      'main_session.status as main_session_status',
      'main_session.end_reason as main_session_end_reason',
    ])
    .where('sessions.meeting_id', '=', meetingId)
    .where('sessions.status', '=', 'LIVE')
    .executeTakeFirst();
  if (!row) return null;

  const state = emptyMeeting(meetingId);
  for (const event of await logOf(db, row.id)) apply(state, event);
  return {
    state,
    unfinished: unfinishedOf(row),
    meeting: toMeetingInfo(row),
    record: {
      sessionId: row.id,
      meetingId,
      appId: row.app_id,
      appName: row.app_name,
      title: row.title,
      parentSessionId: row.parent_session_id,
      keepAliveSecs: row.keep_alive_secs,
      startedAt: row.started_at,
      lastSeq: Number(row.last_seq),
      live: row.live_participants,
      peak: row.max_concurrent_participants,
      minutes: row.minutes_consumed,
    },
  };
}

function unfinishedOf(row: {
  closed_at: Date | null;
  main_session_status: string | null;
  main_session_end_reason: string | null;
}): WhyRoomEnds | null {
  if (row.closed_at) return 'deleted';
  if (row.main_session_status !== 'ENDED') return null;
  return row.main_session_end_reason === 'TIME_LIMIT' ? 'over' : 'ended';
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
