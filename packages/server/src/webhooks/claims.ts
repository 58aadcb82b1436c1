import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import type { SessionId, WebhookId } from '../ids.js';
import { LEASE_MS } from './schedule.js';

/**
 * How deliveries are taken and kept in order.
 *
 * A lane is the row of pending deliveries of one session to one webhook. Only its first delivery, the head, may
 * be sent, so only the head's `next_attempt_at` means anything: the time of the next attempt, or, while a runner
 * works on the lane, the end of that runner's lease. A delivery that falls due behind a head is parked until the
 * head's time, so that a receiver that is down for a day costs nothing but its own heads. A delivery without a
 * session is a lane of its own.
 */
export interface Lane {
  webhookId: WebhookId;
  /** Null for a delivery that stands alone. */
  sessionId: SessionId | null;
  url: string;
  enabled: boolean;
  /** Results written after this moment are refused: another runner may have the lane. */
  leasedUntil: Date;
  /** In the order in which they are sent; at least one. */
  deliveries: ClaimedDelivery[];
}

export interface ClaimedDelivery {
  id: string;
  body: string;
  event: string;
  roundAttempts: number;
  retryUntil: Date;
}

export interface ClaimRequest {
  now: Date;
  /** Lanes that may still be started, over all webhooks. */
  lanes: number;
  /** Lanes that one webhook may have under way at once. */
  lanesPerWebhook: number;
  lanesUnderWay: ReadonlyMap<WebhookId, number>;
  /** URLs that get no attempt now, and URLs that get one lane at most. */
  pausedUrls: string[];
  trialUrls: string[];
}

/** Deliveries of one lane that are taken, and sent one after the other, in one claim. */
const DELIVERIES_PER_LANE = 32;
/** A parked delivery is not looked at again sooner than this. */
const SHORTEST_PARKING_MS = 1_000;

interface ClaimRow {
  id: string;
  webhook_id: WebhookId;
  session_id: SessionId | null;
  url: string;
  enabled: boolean;
  body: string;
  event: string;
  round_attempts: number;
  retry_until: Date;
}

/**
 * Leases the lanes whose head is due. `more` says that it is worth asking again at once, because deliveries were
 * found that had to be parked and may have hidden others.
 */
export async function claimLanes(
  db: Kysely<Database>,
  request: ClaimRequest,
): Promise<{ lanes: Lane[]; more: boolean }> {
  const leasedUntil = new Date(request.now.getTime() + LEASE_MS);
  const { rows } = await claimStatement(request, leasedUntil).execute(db);
  const lanes = new Map<string, Lane>();
  let parked = 0;
  for (const row of rows) {
    if (row.body === null) {
      parked += 1;
      continue;
    }
    const key = `${row.webhook_id} ${row.session_id ?? row.id}`;
    const lane = lanes.get(key) ?? {
      webhookId: row.webhook_id,
      sessionId: row.session_id,
      url: row.url,
      enabled: row.enabled,
      leasedUntil,
      deliveries: [],
    };
    lanes.set(key, lane);
    lane.deliveries.push({
      id: row.id,
      body: row.body,
      event: row.event,
      roundAttempts: row.round_attempts,
      retryUntil: row.retry_until,
    });
  }
  return { lanes: [...lanes.values()], more: lanes.size > 0 || parked > 0 };
}

/**
 * Makes everything due that a runner which is gone had taken: to be called by the only owner of the database, before
 * it starts a runner of its own. The wait for a retry goes on. What is parked comes along, and is parked again.
 */
export async function releaseLeases(db: Kysely<Database>, now: Date): Promise<void> {
  await db
    .updateTable('webhook_deliveries')
    .set({ next_attempt_at: now, leased: false })
    .where('status', '=', 'PENDING')
    .where((eb) => eb.or([eb('leased', '=', true), eb('round_attempts', '=', 0)]))
    .where('next_attempt_at', '>', now)
    .execute();
}

/**
 * One statement, so that a claim is one round trip: `candidates` are due rows, taken webhook by webhook so that
 * no webhook hides another; `placed` finds what stands before each; `parked` puts off those that are not heads;
 * `leased` takes the heads together with the deliveries that follow them.
 */
function claimStatement(request: ClaimRequest, leasedUntil: Date) {
  const { now, lanesUnderWay } = request;
  const parkedAtLeastUntil = new Date(now.getTime() + SHORTEST_PARKING_MS);
  return sql<ClaimRow | { id: string; body: null }>`
    with candidates as (
      select due.*, webhook.url, webhook.enabled
      from webhooks webhook
        left join unnest(${[...lanesUnderWay.keys()]}::uuid[], ${[...lanesUnderWay.values()]}::integer[])
          as busy (webhook_id, lanes) on busy.webhook_id = webhook.id
        cross join lateral (
          select id, webhook_id, session_id, position, next_attempt_at
          from webhook_deliveries
          where webhook_id = webhook.id and status = 'PENDING' and next_attempt_at <= ${now}
          order by next_attempt_at, position
          limit greatest(0, case when webhook.url = any(${request.trialUrls}::text[]) then 1
            else ${request.lanesPerWebhook}::integer end - coalesce(busy.lanes, 0))
          for update skip locked
        ) due
      where webhook.url <> all(${request.pausedUrls}::text[])
      order by due.next_attempt_at
      limit ${request.lanes}
    ),
    placed as (
      select candidates.*, head.next_attempt_at as head_at
      from candidates left join lateral (
        select next_attempt_at from webhook_deliveries earlier
        where earlier.webhook_id = candidates.webhook_id and earlier.session_id = candidates.session_id
          and earlier.status = 'PENDING' and earlier.position < candidates.position
        order by earlier.position limit 1
      ) head on true
    ),
    parked as (
      update webhook_deliveries delivery
      set next_attempt_at = greatest(placed.head_at, ${parkedAtLeastUntil}), leased = false
      from placed where delivery.id = placed.id and placed.head_at is not null
      returning delivery.id
    ),
    chosen as (
      select id, url, enabled from placed where head_at is null
      union all
      select follower.id, placed.url, placed.enabled
      from placed cross join lateral (
        select id from webhook_deliveries next
        where next.webhook_id = placed.webhook_id and next.session_id = placed.session_id
          and next.status = 'PENDING' and next.position > placed.position
        order by next.position limit ${DELIVERIES_PER_LANE - 1}
      ) follower
      where placed.head_at is null
    ),
    leased as (
      update webhook_deliveries delivery set next_attempt_at = ${leasedUntil}, leased = true
      from chosen where delivery.id = chosen.id and delivery.status = 'PENDING'
      returning delivery.*, chosen.url, chosen.enabled
    )
    select id, webhook_id, session_id, url, enabled, body, event, round_attempts, retry_until, position from leased
    union all
    select id, null, null, null, null, null, null, null, null, null from parked
    order by position
  `;
}
