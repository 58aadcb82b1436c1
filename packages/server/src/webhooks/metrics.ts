import type { Kysely } from 'kysely';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';

/** How the delivery of webhooks shows on `/metrics`. */
export interface WebhookMetrics {
  /** To be called for each attempt with what became of the delivery; PENDING means that it will be retried. */
  attempted(event: string, status: 'PENDING' | 'DELIVERED' | 'FAILED', durationMs: number): void;
}

const DURATION_BUCKETS_SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export function createWebhookMetrics(options: {
  registry: Registry;
  db: Kysely<Database>;
  clock: Clock;
}): WebhookMetrics {
  const { registry, db, clock } = options;
  const registers = [registry];
  const attempts = new Counter({
    name: 'parley_webhook_attempts_total',
    help: 'Attempts to deliver a webhook event.',
    labelNames: ['event'],
    registers,
  });
  const delivered = new Counter({
    name: 'parley_webhook_delivered_total',
    help: 'Webhook deliveries answered with a 2xx status.',
    labelNames: ['event'],
    registers,
  });
  const failed = new Counter({
    name: 'parley_webhook_failed_total',
    help: 'Webhook deliveries that were given up.',
    labelNames: ['event'],
    registers,
  });
  const duration = new Histogram({
    name: 'parley_webhook_attempt_seconds',
    help: 'Time from the start of an attempt to the end of the answer.',
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  new Gauge({
    name: 'parley_webhook_pending',
    help: 'Deliveries that are neither delivered nor given up.',
    registers,
    async collect() {
      this.set((await pending(db)).count);
    },
  });
  new Gauge({
    name: 'parley_webhook_oldest_pending_seconds',
    help: 'Age of the oldest delivery that is neither delivered nor given up; 0 when there is none.',
    registers,
    async collect() {
      const { since } = await pending(db);
      this.set(since === null ? 0 : (clock.now().getTime() - since.getTime()) / 1_000);
    },
  });

  return {
    attempted(event, status, durationMs) {
      attempts.inc({ event });
      duration.observe(durationMs / 1_000);
      if (status === 'DELIVERED') delivered.inc({ event });
      if (status === 'FAILED') failed.inc({ event });
    },
  };
}

/** Deliveries of deleted webhooks are not counted: they will never be sent. */
async function pending(db: Kysely<Database>): Promise<{ count: number; since: Date | null }> {
  const { count, since } = await db
    .selectFrom('webhook_deliveries')
    .innerJoin('webhooks', 'webhooks.id', 'webhook_deliveries.webhook_id')
    .where('webhook_deliveries.status', '=', 'PENDING')
    .select((eb) => [
      eb.fn.countAll<string>().as('count'),
      eb.fn.min<Date | null>('webhook_deliveries.created_at').as('since'),
    ])
    .executeTakeFirstOrThrow();
  return { count: Number(count), since };
}
