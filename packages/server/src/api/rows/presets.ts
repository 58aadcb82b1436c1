import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database, PresetsTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import { validationError } from '../../http/validation.js';
import type { AppId, PresetId } from '../../ids.js';
import {
  type PresetBody,
  type PresetConfig,
  type PresetPermissions,
  type PresetUi,
  presetBody,
} from '../../presets/schema.js';
import type { PresetListItem, PresetPatch, PresetView } from '../schemas/presets.js';
import { isForeignKeyViolation, isUniqueViolation } from './constraints.js';
import { isEmpty, mergeDeep } from './merge.js';
import { fetchPage, type Rows } from './page.js';
import { searchCondition } from './search.js';

export type PresetRow = Selectable<PresetsTable>;
type PresetHead = Pick<PresetRow, 'id' | 'name' | 'created_at' | 'updated_at'>;

export const toPresetListItem = (row: PresetHead): PresetListItem => ({
  id: row.id,
  name: row.name,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

/** Presets are judged before they are stored, so what is read has the shape of the schema. */
export const toPreset = (row: PresetRow): PresetView => ({
  ...toPresetListItem(row),
  config: row.config as PresetConfig,
  permissions: row.permissions as PresetPermissions,
  ui: row.ui as PresetUi,
});

const contentColumns = ({ name, config, permissions, ui }: PresetBody) => ({
  name,
  config: JSON.stringify(config),
  permissions: JSON.stringify(permissions),
  ui: JSON.stringify(ui),
});

export const presetColumns = (appId: AppId, preset: PresetBody, now: Date) => ({
  id: newId() as PresetId,
  app_id: appId,
  ...contentColumns(preset),
  created_at: now,
  updated_at: now,
});

const unknownPreset = (id: PresetId) => ApiError.notFound('preset', id);

/** The name is unique in the app (rest-api.md 1.4). */
async function refuseTakenName<Result>(name: string, write: Promise<Result>): Promise<Result> {
  try {
    return await write;
  } catch (error) {
    if (isUniqueViolation(error))
      throw new ApiError(409, `A preset with the name ${name} exists already`, 'name');
    throw error;
  }
}

export async function insertPreset(
  db: Kysely<Database>,
  appId: AppId,
  preset: PresetBody,
  now: Date,
): Promise<PresetRow> {
  return await refuseTakenName(
    preset.name,
    db
      .insertInto('presets')
      .values(presetColumns(appId, preset, now))
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

export async function findPresets(
  db: Kysely<Database>,
  appId: AppId,
  { search }: { search?: string },
  page: Page,
): Promise<Rows<PresetHead>> {
  let query = db
    .selectFrom('presets')
    .select(['id', 'name', 'created_at', 'updated_at'])
    .where('app_id', '=', appId);
  if (search) query = query.where(searchCondition(search, ['name'], []));
  return await fetchPage(query.orderBy('created_at', 'desc').orderBy('id', 'desc'), page);
}

export async function getPreset(db: Kysely<Database>, appId: AppId, id: PresetId): Promise<PresetRow> {
  const row = await db
    .selectFrom('presets')
    .selectAll()
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw unknownPreset(id);
  return row;
}

/** Puts `preset` in the place of what was there. */
export async function replacePreset(
  db: Kysely<Database>,
  appId: AppId,
  id: PresetId,
  preset: PresetBody,
  now: Date,
): Promise<PresetRow> {
  const row = await refuseTakenName(
    preset.name,
    db
      .updateTable('presets')
      .set({ ...contentColumns(preset), updated_at: now })
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst(),
  );
  if (!row) throw unknownPreset(id);
  return row;
}

/** Changes any part at any depth; the row is locked, so that two changes at once both count. */
export async function patchPreset(
  db: Kysely<Database>,
  appId: AppId,
  id: PresetId,
  patch: PresetPatch,
  now: Date,
): Promise<PresetRow> {
  if (isEmpty(patch)) return await getPreset(db, appId, id);
  return await db.transaction().execute(async (trx) => {
    const stored = await trx
      .selectFrom('presets')
      .select(['name', 'config', 'permissions', 'ui'])
      .where('app_id', '=', appId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!stored) throw unknownPreset(id);
    const merged = mergeDeep(stored, patch);
    const result = presetBody.safeParse(merged);
    if (!result.success) throw validationError(result.error.issues, merged);
    return await replacePreset(trx, appId, id, result.data, now);
  });
}

/** Refused while any participant has it, even when its meetings ended long ago (features.md P04). */
export async function deletePreset(db: Kysely<Database>, appId: AppId, id: PresetId): Promise<PresetRow> {
  const inUse = new ApiError(409, `The preset ${id} is in use by participants`);
  return await db
    .transaction()
    .execute(async (trx) => {
      const preset = await getPreset(trx, appId, id);
      // Tombstones are not participants. Their tokens stay refused: a token of ours whose participant is not
      // there must be one of a deleted participant.
      await trx
        .deleteFrom('participants')
        .where('preset_id', '=', id)
        .where('deleted_at', 'is not', null)
        .execute();
      await trx.deleteFrom('presets').where('id', '=', id).execute();
      return preset;
    })
    .catch((error: unknown) => {
      throw isForeignKeyViolation(error) ? inUse : error;
    });
}

/** What to answer when a participant is to have a preset that the app does not have (features.md P05). */
export async function unknownPresetName(db: Kysely<Database>, appId: AppId, name: string): Promise<ApiError> {
  const nearMiss = await db
    .selectFrom('presets')
    .select('name')
    .where('app_id', '=', appId)
    .where((eb) => eb(eb.fn('lower', ['name']), '=', name.toLowerCase()))
    .executeTakeFirst();
  const hint = nearMiss ? `; names are case-sensitive, did you mean ${nearMiss.name}?` : '';
  return new ApiError(404, `No preset found with name ${name}${hint}`, 'preset_name');
}
