import { type Kysely, sql } from 'kysely';
import type { Database } from '../database/tables.js';
import type { Lane } from './claims.js';

/** What one attempt changes about its delivery, and the line it leaves in the delivery log. */
export interface AttemptResult {
  deliveryId: string;
  leasedUntil: Date;
  at: Date;
  durationMs: number;
  httpStatus: number | null;
  error: string | null;
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  /** Set when the status is PENDING. */
  nextAttemptAt: Date | null;
}

/**
 * Writes results in one statement. A result whose lease has run out is left out, together with its log line: the
 * delivery may be another runner's by now. The end of the lease identifies the claim, since no two claims of one
 * delivery end at the same moment.
 */
export async function writeResults(db: Kysely<Database>, results: AttemptResult[], now: Date): Promise<void> {
  await sql`
    with result as (
      select * from unnest(
        ${results.map((result) => result.deliveryId)}::uuid[],
        ${results.map((result) => result.leasedUntil)}::timestamptz[],
        ${results.map((result) => result.at)}::timestamptz[],
        ${results.map((result) => result.durationMs)}::integer[],
        ${results.map((result) => result.httpStatus)}::integer[],
        ${results.map((result) => result.error)}::text[],
        ${results.map((result) => result.status)}::text[],
        ${results.map((result) => result.nextAttemptAt)}::timestamptz[]
      ) as result (delivery_id, leased_until, at, duration_ms, http_status, error, status, next_attempt_at)
    ),
    settled as (
      update webhook_deliveries delivery
      set status = result.status,
        attempts = delivery.attempts + 1,
        round_attempts = delivery.round_attempts + 1,
        next_attempt_at = coalesce(result.next_attempt_at, delivery.next_attempt_at),
        leased = false,
        finished_at = case when result.status = 'PENDING' then null else ${now}::timestamptz end
      from result
      where delivery.id = result.delivery_id and delivery.status = 'PENDING'
        and delivery.next_attempt_at = result.leased_until
      returning delivery.id, delivery.attempts, result.at, result.duration_ms, result.http_status, result.error
    )
    insert into webhook_attempts (delivery_id, attempt, at, duration_ms, http_status, error)
    select id, attempts, at, duration_ms, http_status, error from settled
  `.execute(db);
}

/**
 * Makes the heads of lanes due that a runner has finished with, so that what was parked behind it goes on. A head
 * that was queued meanwhile may be leased again already; its lease ends later than this one and is left alone, or
 * the delivery would be sent twice.
 */
export async function releaseLanes(db: Kysely<Database>, lanes: Lane[], now: Date): Promise<void> {
  await sql`
    update webhook_deliveries delivery set next_attempt_at = ${now}, leased = false
    from unnest(
        ${lanes.map((lane) => lane.webhookId)}::uuid[],
        ${lanes.map((lane) => lane.sessionId)}::uuid[],
        ${lanes.map((lane) => lane.deliveries[0]!.id)}::uuid[],
        ${lanes.map((lane) => lane.leasedUntil)}::timestamptz[]
      ) as lane (webhook_id, session_id, first_id, leased_until)
      left join lateral (
        select id from webhook_deliveries pending
        where pending.webhook_id = lane.webhook_id and pending.session_id = lane.session_id
          and pending.status = 'PENDING'
        order by pending.position limit 1
      ) head on true
    where delivery.id = coalesce(head.id, lane.first_id) and delivery.status = 'PENDING'
      and delivery.next_attempt_at > ${now} and delivery.next_attempt_at <= lane.leased_until
  `.execute(db);
}
