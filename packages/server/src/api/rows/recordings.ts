import type { Kysely } from 'kysely';
import type { Database } from '../../database/tables.js';
import type { Page } from '../../http/pagination.js';
import type { AppId, MeetingId } from '../../ids.js';
import type { RecordingRow } from '../../recordings/state-of-row.js';
import type { RecordingFilter } from '../schemas/recordings.js';
import type { MeetingRow } from './meetings.js';
import { fetchPage, type Rows } from './page.js';
import { searchCondition } from './search.js';

/** The recordings that fit, the newest first unless asked otherwise (features.md RC14). */
export async function findRecordings(
  db: Kysely<Database>,
  appId: AppId,
  filter: RecordingFilter,
  page: Page,
  now: Date,
): Promise<Rows<RecordingRow>> {
  let query = db
    .selectFrom('recordings as recording')
    .innerJoin('meetings as meeting', 'meeting.id', 'recording.meeting_id')
    .selectAll('recording')
    .where('recording.app_id', '=', appId);
  const statuses = filter['status[]'] ?? filter.status;
  if (filter.meeting_id) query = query.where('meeting.id', '=', filter.meeting_id as MeetingId);
  if (filter.search) query = query.where(searchCondition(filter.search, ['meeting.title'], ['meeting.id']));
  if (filter.start_time) query = query.where('recording.invoked_at', '>=', filter.start_time);
  if (filter.end_time) query = query.where('recording.invoked_at', '<=', filter.end_time);
  if (statuses) query = query.where('recording.status', 'in', statuses);
  if (filter.expired === true) query = query.where('recording.expires_at', '<=', now);
  if (filter.expired === false) {
    query = query.where((eb) =>
      eb.or([eb('recording.expires_at', 'is', null), eb('recording.expires_at', '>', now)]),
    );
  }
  const order = filter.sort_order === 'ASC' ? 'asc' : 'desc';
  return await fetchPage(query.orderBy('recording.invoked_at', order).orderBy('recording.id', order), page);
}

/** The meetings of some recordings. */
export async function meetingsOf(
  db: Kysely<Database>,
  rows: readonly RecordingRow[],
): Promise<Map<MeetingId, MeetingRow>> {
  const ids = [...new Set(rows.map((row) => row.meeting_id))];
  if (ids.length === 0) return new Map();
  const meetings = await db.selectFrom('meetings').selectAll().where('id', 'in', ids).execute();
  return new Map(meetings.map((meeting) => [meeting.id, meeting]));
}
