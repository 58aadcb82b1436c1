import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/tables.js';

/** How long the delivery log is kept (features.md WB15, D06). */
export const LOG_KEPT_DAYS = 30;
/** Deliveries removed in one statement, so that none holds locks for long. */
const BATCH_DELIVERIES = 1_000;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Removes deliveries, with their attempts, that are older than a month or whose webhook is gone. Answers how many
 * were removed. Safe to run on several servers at once; ends early when `stop` is aborted.
 */
export async function clearDeliveryLog(db: Kysely<Database>, now: Date, stop?: AbortSignal): Promise<number> {
  const oldest = new Date(now.getTime() - LOG_KEPT_DAYS * DAY_MS);
  const old = await inBatches(db, sql<boolean>`created_at < ${oldest}`, stop);
  const orphaned = await inBatches(
    db,
    sql<boolean>`not exists (select from webhooks where webhooks.id = webhook_deliveries.webhook_id)`,
    stop,
  );
  return old + orphaned;
}

async function inBatches(
  db: Kysely<Database>,
  condition: RawBuilder<boolean>,
  stop: AbortSignal | undefined,
): Promise<number> {
  let removed = 0;
  while (!stop?.aborted) {
    const { numDeletedRows } = await db
      .deleteFrom('webhook_deliveries')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('webhook_deliveries')
          .select('id')
          .where(condition)
          .limit(BATCH_DELIVERIES)
          .forUpdate()
          .skipLocked(),
      )
      .executeTakeFirstOrThrow();
    removed += Number(numDeletedRows);
    if (numDeletedRows < BigInt(BATCH_DELIVERIES)) break;
  }
  return removed;
}
