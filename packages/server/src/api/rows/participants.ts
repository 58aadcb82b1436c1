import type { ExpressionBuilder, Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database, ParticipantsTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import type { AppId, MeetingId, ParticipantId } from '../../ids.js';
import type {
  DeletedParticipant,
  NewParticipant,
  ParticipantPatch,
  ParticipantView,
} from '../schemas/participants.js';
import { isForeignKeyViolation } from './constraints.js';
import { requireMeeting } from './meetings.js';
import { isEmpty } from './merge.js';
import { fetchPage, type Rows } from './page.js';
import { unknownPresetName } from './presets.js';

/** Where a participant lives; every look-up names all of it, so that no app reaches into another. */
export interface MeetingScope {
  appId: AppId;
  meetingId: MeetingId;
}

type StoredParticipant = Omit<Selectable<ParticipantsTable>, 'deleted_at'>;
export type ParticipantRow = StoredParticipant & { preset_name: string };

export const toParticipant = (row: ParticipantRow): ParticipantView => ({
  id: row.id,
  name: row.name,
  picture: row.picture,
  custom_participant_id: row.custom_participant_id,
  preset_name: row.preset_name,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export const toDeletedParticipant = (row: StoredParticipant): DeletedParticipant => ({
  custom_participant_id: row.custom_participant_id,
  preset_id: row.preset_id,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

const COLUMNS = [
  'id',
  'meeting_id',
  'preset_id',
  'custom_participant_id',
  'name',
  'picture',
  'created_at',
  'updated_at',
] as const;

const unknownParticipant = (id: ParticipantId) => ApiError.notFound('participant', id);

/**
 * Adds a participant in one statement: the meeting must be of the app and the preset must be of that name. The
 * same custom id may be added again and makes another participant (rest-api.md part 5, 13).
 */
export async function insertParticipant(
  db: Kysely<Database>,
  { appId, meetingId }: MeetingScope,
  participant: NewParticipant,
  now: Date,
): Promise<ParticipantRow> {
  const id = newId() as ParticipantId;
  const row = await db
    .insertInto('participants')
    .columns([...COLUMNS])
    .expression((eb) =>
      eb
        .selectFrom('meetings as meeting')
        .innerJoin('presets as preset', 'preset.app_id', 'meeting.app_id')
        .select((select) => [
          select.val(id).as('id'),
          'meeting.id as meeting_id',
          'preset.id as preset_id',
          select.val(participant.custom_participant_id).as('custom_participant_id'),
          select.val(participant.name).as('name'),
          select.val(participant.picture).as('picture'),
          select.val(now).as('created_at'),
          select.val(now).as('updated_at'),
        ])
        .where('meeting.id', '=', meetingId)
        .where('meeting.app_id', '=', appId)
        .where('preset.name', '=', participant.preset_name),
    )
    .returning([...COLUMNS])
    .executeTakeFirst()
    // The preset was deleted at the same moment.
    .catch((error: unknown) => {
      if (isForeignKeyViolation(error)) return undefined;
      throw error;
    });
  if (row) return { ...row, preset_name: participant.preset_name };
  await requireMeeting(db, appId, meetingId);
  throw await unknownPresetName(db, appId, participant.preset_name);
}

const participantsOf = (db: Kysely<Database>, { appId, meetingId }: MeetingScope) =>
  db
    .selectFrom('participants as participant')
    .innerJoin('meetings as meeting', 'meeting.id', 'participant.meeting_id')
    .innerJoin('presets as preset', 'preset.id', 'participant.preset_id')
    .select(COLUMNS.map((column) => `participant.${column}` as const))
    .select('preset.name as preset_name')
    .where('participant.meeting_id', '=', meetingId)
    .where('meeting.app_id', '=', appId)
    .where('participant.deleted_at', 'is', null);

export async function findParticipants(
  db: Kysely<Database>,
  scope: MeetingScope,
  page: Page,
): Promise<Rows<ParticipantRow>> {
  const query = participantsOf(db, scope)
    .orderBy('participant.created_at', 'desc')
    .orderBy('participant.id', 'desc');
  const found = await fetchPage(query, page);
  if (found.total === 0) await requireMeeting(db, scope.appId, scope.meetingId);
  return found;
}

export async function getParticipant(
  db: Kysely<Database>,
  scope: MeetingScope,
  id: ParticipantId,
): Promise<ParticipantRow> {
  const row = await participantsOf(db, scope).where('participant.id', '=', id).executeTakeFirst();
  if (row) return row;
  await requireMeeting(db, scope.appId, scope.meetingId);
  throw unknownParticipant(id);
}

/** The condition that a participant to be changed is one of the scope; deleted ones are checked apart. */
const isIn =
  ({ appId, meetingId }: MeetingScope, id: ParticipantId) =>
  (eb: ExpressionBuilder<Database, 'participants'>) =>
    eb.and([
      eb('id', '=', id),
      eb('meeting_id', '=', meetingId),
      eb('meeting_id', 'in', eb.selectFrom('meetings').select('meetings.id').where('app_id', '=', appId)),
    ]);

/** Changes name, picture or preset; a live peer keeps what it joined with (features.md OQ13). */
export async function patchParticipant(
  db: Kysely<Database>,
  scope: MeetingScope,
  id: ParticipantId,
  patch: ParticipantPatch,
  now: Date,
): Promise<ParticipantRow> {
  if (isEmpty(patch)) return await getParticipant(db, scope, id);
  const { preset_name, ...plain } = patch;
  return await db.transaction().execute(async (trx) => {
    const preset = preset_name && { preset_id: await presetIdOf(trx, scope.appId, preset_name) };
    await trx
      .updateTable('participants')
      .set({ ...plain, ...preset, updated_at: now })
      .where(isIn(scope, id))
      .where('deleted_at', 'is', null)
      .execute();
    return await getParticipant(trx, scope, id);
  });
}

/** Locked against deletion until the caller's transaction ends. */
async function presetIdOf(db: Kysely<Database>, appId: AppId, name: string) {
  const preset = await db
    .selectFrom('presets')
    .select('id')
    .where('app_id', '=', appId)
    .where('name', '=', name)
    .forKeyShare()
    .executeTakeFirst();
  if (!preset) throw await unknownPresetName(db, appId, name);
  return preset.id;
}

/**
 * Leaves a tombstone, from which on every token of the participant is refused (features.md SE03). Answers
 * undefined when there is nothing to delete.
 */
export async function deleteParticipant(
  db: Kysely<Database>,
  scope: MeetingScope,
  id: ParticipantId,
  now: Date,
): Promise<StoredParticipant | undefined> {
  return await db
    .updateTable('participants')
    .set({ deleted_at: now, updated_at: now })
    .where(isIn(scope, id))
    .where('deleted_at', 'is', null)
    .returning([...COLUMNS])
    .executeTakeFirst();
}

/** True when the participant was deleted before. */
export async function isDeleted(
  db: Kysely<Database>,
  scope: MeetingScope,
  id: ParticipantId,
): Promise<boolean> {
  const tombstone = await db
    .selectFrom('participants')
    .select('id')
    .where(isIn(scope, id))
    .where('deleted_at', 'is not', null)
    .executeTakeFirst();
  return tombstone !== undefined;
}
