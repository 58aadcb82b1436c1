import type { Kysely, Selectable } from 'kysely';
import type { Database, WebhookAttemptsTable, WebhookDeliveriesTable } from '../../database/tables.js';
import { ApiError } from '../../http/errors.js';
import type { Page } from '../../http/pagination.js';
import type { AppId, WebhookId } from '../../ids.js';
import type { DeliveryListItem, DeliveryView } from '../schemas/webhooks.js';
import { fetchPage, type Rows } from './page.js';

type DeliveryHead = Pick<
  Selectable<WebhookDeliveriesTable>,
  | 'id'
  | 'webhook_id'
  | 'session_id'
  | 'event'
  | 'status'
  | 'attempts'
  | 'next_attempt_at'
  | 'created_at'
  | 'finished_at'
>;
export type DeliveryRow = DeliveryHead & { body: string };
type AttemptRow = Selectable<WebhookAttemptsTable>;

export const toDeliveryListItem = (row: DeliveryHead): DeliveryListItem => ({
  id: row.id,
  webhook_id: row.webhook_id,
  session_id: row.session_id,
  event: row.event,
  status: row.status,
  attempts: row.attempts,
  next_attempt_at: row.status === 'PENDING' ? row.next_attempt_at.toISOString() : null,
  created_at: row.created_at.toISOString(),
  finished_at: row.finished_at?.toISOString() ?? null,
});

export const toDelivery = (row: DeliveryRow, attempts: AttemptRow[]): DeliveryView => ({
  ...toDeliveryListItem(row),
  body: row.body,
  attempt_log: attempts.map(({ attempt, at, duration_ms, http_status, error }) => ({
    attempt,
    at: at.toISOString(),
    duration_ms,
    http_status,
    error,
  })),
});

const HEAD_COLUMNS = [
  'delivery.id',
  'delivery.webhook_id',
  'delivery.session_id',
  'delivery.event',
  'delivery.status',
  'delivery.attempts',
  'delivery.next_attempt_at',
  'delivery.created_at',
  'delivery.finished_at',
] as const;

export async function findDeliveries(
  db: Kysely<Database>,
  webhookId: WebhookId,
  { status }: { status?: DeliveryHead['status'] },
  page: Page,
): Promise<Rows<DeliveryHead>> {
  let query = db
    .selectFrom('webhook_deliveries as delivery')
    .select(HEAD_COLUMNS)
    .where('delivery.webhook_id', '=', webhookId);
  if (status) query = query.where('delivery.status', '=', status);
  return await fetchPage(query.orderBy('delivery.position', 'desc'), page);
}

export async function getDelivery(
  db: Kysely<Database>,
  appId: AppId,
  webhookId: WebhookId,
  id: string,
): Promise<DeliveryRow> {
  const row = await db
    .selectFrom('webhook_deliveries as delivery')
    .innerJoin('webhooks as webhook', 'webhook.id', 'delivery.webhook_id')
    .select([...HEAD_COLUMNS, 'delivery.body'])
    .where('webhook.app_id', '=', appId)
    .where('webhook.id', '=', webhookId)
    .where('delivery.id', '=', id)
    .executeTakeFirst();
  if (!row) throw ApiError.notFound('delivery', id);
  return row;
}

export async function findAttempts(db: Kysely<Database>, deliveryId: string): Promise<AttemptRow[]> {
  return await db
    .selectFrom('webhook_attempts')
    .selectAll()
    .where('delivery_id', '=', deliveryId)
    .orderBy('attempt')
    .execute();
}
