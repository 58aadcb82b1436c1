import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { AppsTable, Database } from '../../database/tables.js';
import type { Page } from '../../http/pagination.js';
import type { AppId } from '../../ids.js';
import { defaultPresets } from '../../presets/defaults.js';
import type { AppView } from '../schemas/apps.js';
import { fetchPage, type Rows } from './page.js';
import { presetColumns } from './presets.js';
import { searchCondition } from './search.js';

export type AppRow = Selectable<AppsTable>;

export const toApp = (row: AppRow): AppView => ({
  id: row.id,
  name: row.name,
  created_at: row.created_at.toISOString(),
});

/** Makes an app and its default presets, which exist together or not at all (features.md C03). */
export async function insertApp(
  db: Kysely<Database>,
  { accountId, name }: { accountId: string; name: string },
  now: Date,
): Promise<AppRow> {
  return await db.transaction().execute(async (trx) => {
    const app = await trx
      .insertInto('apps')
      .values({ id: newId() as AppId, account_id: accountId, name, created_at: now })
      .returningAll()
      .executeTakeFirstOrThrow();
    await trx
      .insertInto('presets')
      .values(defaultPresets.map((preset) => presetColumns(app.id, preset, now)))
      .execute();
    return app;
  });
}

export async function findApps(
  db: Kysely<Database>,
  accountId: string,
  filter: { search?: string; sort_order?: 'ASC' | 'DESC' },
  page: Page,
): Promise<Rows<AppRow>> {
  const { search } = filter;
  const order = filter.sort_order === 'ASC' ? 'asc' : 'desc';
  let query = db.selectFrom('apps').selectAll().where('account_id', '=', accountId);
  if (search) query = query.where(searchCondition(search, ['name'], []));
  return await fetchPage(query.orderBy('created_at', order).orderBy('id', order), page);
}
