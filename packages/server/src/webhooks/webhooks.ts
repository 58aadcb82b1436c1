import type { lookup } from 'node:dns';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import { UrlBreaker } from './breaker.js';
import { releaseLeases } from './claims.js';
import { createWebhookMetrics } from './metrics.js';
import { redeliver } from './redelivery.js';
import { clearDeliveryLog } from './retention.js';
import { DeliveryRunner } from './runner.js';
import { WebhookSender } from './sender.js';
import { createWebhookSigner } from './signing.js';

export interface WebhooksOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  registry: Registry;
  /** Also call addresses of the local and private network (setting `webhookAllowPrivate`). */
  allowPrivate: boolean;
  requestTimeoutMs?: number;
  /** Replaces the system's name resolution. */
  resolve?: typeof lookup;
  random?: () => number;
}

/** The delivery side of webhooks; `outbox.ts` is the other side. */
export interface Webhooks {
  start(): void;
  /**
   * Lets what was under way when another process died be sent at once. Only for the one owner of the database, and
   * before `start`: a process that lives would have its deliveries sent twice.
   */
  takeOver(): Promise<void>;
  /** To be called after a commit that queued events. Cheap, and safe to call often. */
  wake(): void;
  /** SPKI in PEM, for `/.well-known/webhooks.json` (features.md WB09). */
  publicKeyPem(): Promise<string>;
  /**
   * Sends a finished delivery again, with the same id and body and a new retry window; one that is pending is
   * tried at once. False when there is no such delivery.
   */
  redeliver(deliveryId: string): Promise<boolean>;
  /** Ends within `graceMs` and a moment; what was not sent is due for the next start. */
  close(graceMs?: number): Promise<void>;
}

const CLEAN_UP_EVERY_MS = 60 * 60_000;
const CLOSE_GRACE_MS = 3_000;

export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { db, clock, log } = options;
  const signer = createWebhookSigner(db);
  const sender = new WebhookSender({ ...options, signer });
  const breaker = new UrlBreaker(clock);
  const metrics = createWebhookMetrics(options);
  const runner = new DeliveryRunner({
    ...options,
    sender,
    breaker,
    metrics,
    random: options.random ?? Math.random,
  });
  const closing = new AbortController();
  let cleanUpTimer: NodeJS.Timeout | null = null;

  async function cleanUp(): Promise<void> {
    try {
      const removed = await clearDeliveryLog(db, clock.now(), closing.signal);
      if (removed > 0) log.info({ removed }, 'Old webhook deliveries were removed');
    } catch (error) {
      log.error({ err: error }, 'Old webhook deliveries could not be removed');
    }
  }

  return {
    start() {
      if (cleanUpTimer) return;
      runner.start();
      void cleanUp();
      cleanUpTimer = setInterval(() => void cleanUp(), CLEAN_UP_EVERY_MS);
    },
    takeOver: () => releaseLeases(db, clock.now()),
    wake: () => runner.wake(),
    publicKeyPem: () => signer.publicKeyPem(),
    async redeliver(deliveryId) {
      const url = await redeliver(db, deliveryId, clock.now());
      if (url === null) return false;
      // Whoever asks for a delivery knows that the receiver is back.
      breaker.succeeded(url);
      runner.wake();
      return true;
    },
    async close(graceMs = CLOSE_GRACE_MS) {
      closing.abort();
      if (cleanUpTimer) clearInterval(cleanUpTimer);
      await runner.close(graceMs);
      await sender.close();
    },
  };
}
