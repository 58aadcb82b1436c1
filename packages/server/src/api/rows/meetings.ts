import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database, MeetingsTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import { validationError } from '../../http/validation.js';
import type { AppId, MeetingId } from '../../ids.js';
import type { SecretBox } from '../../storage/sealing.js';
import {
  type AiConfig,
  type MeetingFilter,
  type MeetingListItem,
  type MeetingPatch,
  type MeetingView,
  meetingConfigs,
  type NewMeeting,
} from '../schemas/meetings.js';
import { isEmpty, mergeDeep } from './merge.js';
import { fetchPage, type Rows } from './page.js';
import { type StoredRecordingConfig, sealed, withoutSecrets } from './recording-config.js';
import { searchCondition } from './search.js';

export type MeetingRow = Selectable<MeetingsTable>;

export const toMeetingListItem = (row: MeetingRow): MeetingListItem => ({
  id: row.id,
  title: row.title,
  status: row.status,
  record_on_start: row.record_on_start,
  live_stream_on_start: row.live_stream_on_start,
  persist_chat: row.persist_chat,
  summarize_on_end: row.summarize_on_end,
  transcribe_on_end: row.transcribe_on_end,
  session_keep_alive_time_in_secs: row.session_keep_alive_time_in_secs,
  ...(row.preferred_region !== null && { preferred_region: row.preferred_region }),
  ...(row.recording_config !== null && {
    recording_config: withoutSecrets(row.recording_config as StoredRecordingConfig),
  }),
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export const toMeeting = (row: MeetingRow): MeetingView => ({
  ...toMeetingListItem(row),
  ...(row.locked !== null && { locked: row.locked }),
  ...(row.max_participants !== null && { max_participants: row.max_participants }),
  ...(row.max_session_minutes !== null && { max_session_minutes: row.max_session_minutes }),
  ...(row.ends_at !== null && { ends_at: row.ends_at.toISOString() }),
  ...(row.ai_config !== null && { ai_config: row.ai_config as AiConfig }),
});

const unknownMeeting = (id: MeetingId) => ApiError.notFound('meeting', id);

const json = (value: object | null | undefined) => (value ? JSON.stringify(value) : null);

const contentColumns = ({ recording_config, ai_config, ...plain }: NewMeeting, secrets: SecretBox) => ({
  ...plain,
  recording_config: json(recording_config && sealed(recording_config, secrets)),
  ai_config: json(ai_config),
});

/** What it takes to write a meeting. */
export interface MeetingStore {
  db: Kysely<Database>;
  secrets: SecretBox;
}

export async function insertMeeting(
  { db, secrets }: MeetingStore,
  appId: AppId,
  meeting: NewMeeting,
  now: Date,
): Promise<MeetingRow> {
  return await db
    .insertInto('meetings')
    .values({
      id: newId() as MeetingId,
      app_id: appId,
      status: 'ACTIVE',
      ...contentColumns(meeting, secrets),
      created_at: now,
      updated_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function findMeetings(
  db: Kysely<Database>,
  appId: AppId,
  { search, start_time, end_time, status }: MeetingFilter,
  page: Page,
): Promise<Rows<MeetingRow>> {
  let query = db.selectFrom('meetings').selectAll().where('app_id', '=', appId);
  if (search) query = query.where(searchCondition(search, ['title'], ['id']));
  if (start_time) query = query.where('created_at', '>=', start_time);
  if (end_time) query = query.where('created_at', '<=', end_time);
  if (status) query = query.where('status', '=', status);
  return await fetchPage(query.orderBy('created_at', 'desc').orderBy('id', 'desc'), page);
}

export async function getMeeting(db: Kysely<Database>, appId: AppId, id: MeetingId): Promise<MeetingRow> {
  const row = await db
    .selectFrom('meetings')
    .selectAll()
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw unknownMeeting(id);
  return row;
}

/** Throws 404 unless the app has this meeting. */
export async function requireMeeting(db: Kysely<Database>, appId: AppId, id: MeetingId): Promise<void> {
  const row = await db
    .selectFrom('meetings')
    .select('id')
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw unknownMeeting(id);
}

/** Everything but the status takes the value given or its default. */
export async function replaceMeeting(
  { db, secrets }: MeetingStore,
  appId: AppId,
  id: MeetingId,
  meeting: NewMeeting,
  now: Date,
): Promise<MeetingRow> {
  const row = await db
    .updateTable('meetings')
    .set({ ...contentColumns(meeting, secrets), updated_at: now })
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw unknownMeeting(id);
  return row;
}

/** Changes only what is given, and nothing by an empty patch; the row is locked, so that two changes at once both count. */
export async function patchMeeting(
  { db, secrets }: MeetingStore,
  appId: AppId,
  id: MeetingId,
  patch: MeetingPatch,
  now: Date,
): Promise<MeetingRow> {
  if (isEmpty(patch)) return await getMeeting(db, appId, id);
  const { recording_config, ai_config, ...plain } = patch;
  return await db.transaction().execute(async (trx) => {
    const stored = await trx
      .selectFrom('meetings')
      .select(['recording_config', 'ai_config'])
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!stored) throw unknownMeeting(id);
    const configs = mergedConfigs(stored, { recording_config, ai_config }, secrets);
    return await trx
      .updateTable('meetings')
      .set({
        ...plain,
        recording_config: json(configs.recording_config),
        ai_config: json(configs.ai_config),
        updated_at: now,
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}

type Configs = Pick<MeetingRow, 'recording_config' | 'ai_config'>;

/** A storage is changed as a whole: fields of two storages make no third. Without a new one the old stays sealed. */
function mergedConfigs(
  stored: Configs,
  patch: Pick<MeetingPatch, 'recording_config' | 'ai_config'>,
  secrets: SecretBox,
): Configs {
  const { storage_config: storage, ...recording } = (stored.recording_config ?? {}) as StoredRecordingConfig;
  const merged = {
    recording_config: patch.recording_config
      ? mergeDeep(recording, patch.recording_config)
      : stored.recording_config && recording,
    ai_config: patch.ai_config ? mergeDeep(stored.ai_config ?? {}, patch.ai_config) : stored.ai_config,
  };
  const result = meetingConfigs.safeParse(merged);
  if (!result.success) throw validationError(result.error.issues, merged);
  const { recording_config, ai_config } = result.data;
  return {
    ai_config,
    recording_config: recording_config && {
      ...(storage !== undefined && { storage_config: storage }),
      ...sealed(recording_config, secrets),
    },
  };
}
