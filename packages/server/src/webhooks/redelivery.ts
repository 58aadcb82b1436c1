import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import { RETRY_WINDOW_MS } from './schedule.js';

/**
 * Queues a finished delivery again, or brings one forward that waits for a retry. One that may be under way at
 * this moment stays as it is. Answers the URL of its webhook, or null when the delivery or its webhook do not
 * exist.
 */
export async function redeliver(db: Kysely<Database>, deliveryId: string, now: Date): Promise<string | null> {
  const retryUntil = new Date(now.getTime() + RETRY_WINDOW_MS);
  const { rows } = await sql<{ url: string }>`
    with target as (
      select delivery.id, webhook.url
      from webhook_deliveries delivery join webhooks webhook on webhook.id = delivery.webhook_id
      where delivery.id = ${deliveryId}
    ),
    queued as (
      update webhook_deliveries delivery
      set status = 'PENDING', round_attempts = 0, next_attempt_at = ${now}, retry_until = ${retryUntil},
        finished_at = null
      from target
      where delivery.id = target.id
        and (delivery.status <> 'PENDING' or not delivery.leased)
    )
    select url from target
  `.execute(db);
  return rows[0]?.url ?? null;
}
