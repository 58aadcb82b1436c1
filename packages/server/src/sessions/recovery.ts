import { apply, type DurableEvent, emptyMeeting, type MeetingState } from '@parley/core';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import type { MeetingId, SessionId } from '../ids.js';
import type { SessionRecord } from './changes.js';
import type { MeetingInfo } from './meeting-info.js';

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
    .select([
      'apps.name as app_name',
      'meetings.title as meeting_title',
      'meetings.status as meeting_status',
      'meetings.session_keep_alive_time_in_secs',
      'meetings.persist_chat',
      'meetings.locked',
      'meetings.max_participants',
    ])
    .where('sessions.meeting_id', '=', meetingId)
    .where('sessions.status', '=', 'LIVE')
    .executeTakeFirst();
  if (!row) return null;

  const state = emptyMeeting(meetingId);
  for (const event of await logOf(db, row.id)) apply(state, event);
  return {
    state,
    meeting: {
      meetingId,
      appId: row.app_id,
      appName: row.app_name,
      title: row.meeting_title ?? '',
      status: row.meeting_status,
      keepAliveSecs: row.session_keep_alive_time_in_secs,
      persistChat: row.persist_chat,
      locked: row.locked ?? false,
      maxParticipants: row.max_participants,
    },
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
