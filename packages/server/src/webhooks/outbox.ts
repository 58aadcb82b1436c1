import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../database/tables.js';
import type { AppId, LivestreamSessionId, SessionId } from '../ids.js';
import type { WebhookEventName } from './events.js';
import { PARKED_MS, RETRY_WINDOW_MS } from './schedule.js';

/** One event as it is written to the outbox; `payloads.ts` makes them. */
export interface QueuedWebhookEvent {
  appId: AppId;
  /**
   * Events of one session, or of one run of a livestream of no meeting, reach each webhook in the order they were
   * queued; null asks for no order.
   */
  sessionId: SessionId | LivestreamSessionId | null;
  event: WebhookEventName;
  /** The whole body, `event` included. */
  payload: object;
}

/**
 * Writes one delivery for every webhook of the app that is enabled and subscribed (features.md WB03, WB17), in
 * the caller's transaction, so that an event is sent if and only if its cause was committed. Many events cost one
 * statement, and each body is serialized once: every receiver and every retry gets the same bytes (WB07).
 *
 * Only the first event of a session is due at once. The others wait their turn in any case, and are parked so
 * that the delivery runner does not look at each of them in vain.
 */
export async function queueWebhooks(
  trx: Transaction<Database> | Kysely<Database>,
  events: QueuedWebhookEvent[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return;
  const parkedUntil = new Date(now.getTime() + PARKED_MS);
  const retryUntil = new Date(now.getTime() + RETRY_WINDOW_MS);
  const rows = events.map(({ appId, sessionId, event, payload }) => ({
    app_id: appId,
    session_id: sessionId,
    event,
    body: JSON.stringify(payload),
  }));
  // One JSON parameter: quoting the bodies as elements of an array holds up the event loop twice as long.
  await sql`
    insert into webhook_deliveries
      (id, webhook_id, session_id, event, body, status, next_attempt_at, retry_until, created_at)
    select
      gen_random_uuid(), webhook.id, queued.session_id, queued.event, queued.body, 'PENDING',
      case
        when queued.session_id is null then ${now}::timestamptz
        when row_number() over (partition by webhook.id, queued.session_id order by queued.place) = 1
          then ${now}::timestamptz
        else ${parkedUntil}::timestamptz
      end,
      ${retryUntil}, ${now}
    from rows from (
        json_to_recordset(${JSON.stringify(rows)}) as (app_id uuid, session_id uuid, event text, body text)
      ) with ordinality as queued (app_id, session_id, event, body, place)
      join webhooks webhook
        on webhook.app_id = queued.app_id and webhook.enabled and queued.event = any(webhook.events)
    order by queued.place
  `.execute(trx);
}
