import type { Kysely, Selectable } from 'kysely';
import { v7 as newId } from 'uuid';
import type { Database, WebhooksTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { AppId, WebhookId } from '../../ids.js';
import type { NewWebhook, WebhookPatch, WebhookView } from '../schemas/webhooks.js';
import { isEmpty } from './merge.js';

export type WebhookRow = Selectable<WebhooksTable>;

export const toWebhook = (row: WebhookRow): WebhookView => ({
  id: row.id,
  name: row.name,
  url: row.url,
  events: row.events,
  enabled: row.enabled,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

const unknownWebhook = (id: WebhookId) => ApiError.notFound('webhook', id);

export async function insertWebhook(
  db: Kysely<Database>,
  appId: AppId,
  webhook: NewWebhook,
  now: Date,
): Promise<WebhookRow> {
  return await db
    .insertInto('webhooks')
    .values({ id: newId() as WebhookId, app_id: appId, ...webhook, created_at: now, updated_at: now })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** All of them: the reference knows no paging here. */
export async function findWebhooks(db: Kysely<Database>, appId: AppId): Promise<WebhookRow[]> {
  return await db
    .selectFrom('webhooks')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
}

export async function getWebhook(db: Kysely<Database>, appId: AppId, id: WebhookId): Promise<WebhookRow> {
  const row = await db
    .selectFrom('webhooks')
    .selectAll()
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) throw unknownWebhook(id);
  return row;
}

/** A replacement names all fields, a change any of them. */
export async function updateWebhook(
  db: Kysely<Database>,
  appId: AppId,
  id: WebhookId,
  change: WebhookPatch,
  now: Date,
): Promise<WebhookRow> {
  if (isEmpty(change)) return await getWebhook(db, appId, id);
  const row = await db
    .updateTable('webhooks')
    .set({ ...change, updated_at: now })
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw unknownWebhook(id);
  return row;
}

/** What was queued for it is not sent any more; its delivery log goes with it. */
export async function deleteWebhook(db: Kysely<Database>, appId: AppId, id: WebhookId): Promise<WebhookRow> {
  const row = await db
    .deleteFrom('webhooks')
    .where('app_id', '=', appId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw unknownWebhook(id);
  return row;
}
