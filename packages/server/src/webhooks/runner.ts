import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import type { WebhookId } from '../ids.js';
import { Turns } from '../turns.js';
import { WakeUp } from '../wake-up.js';
import { Batch } from './batch.js';
import type { UrlBreaker } from './breaker.js';
import { type ClaimedDelivery, claimLanes, type Lane } from './claims.js';
import type { WebhookMetrics } from './metrics.js';
import { type AttemptResult, releaseLanes, writeResults } from './results.js';
import { nextAttemptAt } from './schedule.js';
import { neverSent, type Outcome, REQUEST_TIMEOUT_MS, type WebhookSender } from './sender.js';

/** Lanes under way at once, over all webhooks; each holds at most one connection. */
const LANES_MAX = 512;
/** Of these, for one webhook while there is room; when half of all are taken each webhook gets one. */
const LANES_PER_WEBHOOK = 16;
/** Retries that fall due are found this late at most; new events wake the runner. */
const POLL_MS = 1_000;
/** No attempt is started that could outlive its lease. */
const LEASE_MARGIN_MS = REQUEST_TIMEOUT_MS + 5_000;
/** Results that the database does not take are offered again this often before they are given up. */
const WRITE_TRIES = 10;
const WRITE_RETRY_MS = 1_000;
/** At a stop, the time for the last results after the last attempts were cut off. */
const LAST_WRITES_MS = 1_000;

export interface RunnerOptions {
  db: Kysely<Database>;
  clock: Clock;
  log: Logger;
  sender: WebhookSender;
  breaker: UrlBreaker;
  metrics: WebhookMetrics;
  /** Between 0 (included) and 1; jitters the retries. */
  random: () => number;
}

/**
 * Takes due deliveries and sends them. Lanes run beside each other, the deliveries of a lane one after the other;
 * a slow receiver fills its own lanes and no others. Results are written in groups. Nothing is kept here that is
 * not in the tables: a runner that dies leaves leases that run out.
 */
export class DeliveryRunner {
  readonly #options: RunnerOptions;
  readonly #results: Batch<AttemptResult>;
  readonly #finishedLanes: Batch<Lane>;
  readonly #running = new Set<Promise<void>>();
  readonly #lanesUnderWay = new Map<WebhookId, number>();
  /** Claims of the same lane at work: the next may begin before the last has let go. */
  readonly #claimsOfLane = new Map<string, number>();
  #loop: Promise<void> | null = null;
  #closing = false;
  readonly #wakeUp = new WakeUp();
  /**
   * Claims and releases take turns. A claim that began before the last result of a lane was written still parks
   * what stands behind it, until the end of the lease, and a release at the same moment would not see that.
   */
  readonly #turns = new Turns();

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { db, clock } = options;
    this.#results = new Batch((results) => this.#persist(() => writeResults(db, results, clock.now())));
    this.#finishedLanes = new Batch((lanes) =>
      this.#persist(() => this.#turns.take(() => releaseLanes(db, this.#lastOnes(lanes), clock.now()))),
    );
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Looks for due deliveries now; to be called after a commit that queued some. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /**
   * Takes nothing new, gives the attempts that are under way `graceMs` to end, cuts off the rest, and makes
   * whatever was not sent due at once for the next runner. A database that does not answer cannot hold it up.
   */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    this.wake();
    const cutOff = setTimeout(() => this.#options.sender.abandon(), graceMs);
    const giveUp = new AbortController();
    const ended = (async () => {
      await this.#loop;
      await Promise.all(this.#running);
    })();
    await Promise.race([
      ended,
      setTimeoutPromise(graceMs + LAST_WRITES_MS, undefined, { signal: giveUp.signal }).catch(() => {}),
    ]);
    clearTimeout(cutOff);
    giveUp.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      this.#wakeUp.beginRound();
      const more = await this.#claim().catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'Webhook deliveries could not be taken from the database');
        return false;
      });
      if (!more) await this.#wakeUp.pause(POLL_MS);
    }
  }

  async #claim(): Promise<boolean> {
    const free = LANES_MAX - this.#running.size;
    if (free <= 0) return false;
    const { lanes, more } = await this.#turns.take(() =>
      claimLanes(this.#options.db, {
        now: this.#options.clock.now(),
        lanes: free,
        lanesPerWebhook: free > LANES_MAX / 2 ? LANES_PER_WEBHOOK : 1,
        lanesUnderWay: this.#lanesUnderWay,
        pausedUrls: this.#options.breaker.paused(),
        trialUrls: this.#options.breaker.onTrial(),
      }),
    );
    for (const lane of lanes) this.#begin(lane);
    return more;
  }

  /**
   * Only the last claim of a lane lets it go. An earlier one would take away the lease under which the later one is
   * sending, and everything of that would be sent twice.
   */
  #lastOnes(lanes: Lane[]): Lane[] {
    const finishing = new Map<string, Lane[]>();
    for (const lane of lanes) finishing.set(keyOf(lane), [...(finishing.get(keyOf(lane)) ?? []), lane]);
    return [...finishing].flatMap(([key, same]) =>
      same.length >= (this.#claimsOfLane.get(key) ?? 0) ? same.slice(-1) : [],
    );
  }

  #begin(lane: Lane): void {
    this.#count(lane.webhookId, 1);
    const key = keyOf(lane);
    this.#claimsOfLane.set(key, (this.#claimsOfLane.get(key) ?? 0) + 1);
    const run = this.#work(lane)
      .catch((error: unknown) => {
        this.#options.log.error(
          { err: error, webhookId: lane.webhookId },
          'Webhook deliveries were interrupted',
        );
      })
      .finally(() => {
        this.#count(lane.webhookId, -1);
        const others = (this.#claimsOfLane.get(key) ?? 1) - 1;
        if (others === 0) this.#claimsOfLane.delete(key);
        else this.#claimsOfLane.set(key, others);
        this.#running.delete(run);
        this.wake();
      });
    this.#running.add(run);
  }

  #count(webhookId: WebhookId, change: 1 | -1): void {
    const lanes = (this.#lanesUnderWay.get(webhookId) ?? 0) + change;
    if (lanes === 0) this.#lanesUnderWay.delete(webhookId);
    else this.#lanesUnderWay.set(webhookId, lanes);
  }

  /** Sends the deliveries of a lane until one of them has to wait, the lease grows short, or the server stops. */
  async #work(lane: Lane): Promise<void> {
    const { clock } = this.#options;
    const lastStartMs = lane.leasedUntil.getTime() - LEASE_MARGIN_MS;
    const writes: Promise<boolean>[] = [];
    let waiting = false;
    for (const delivery of lane.deliveries) {
      if (waiting || this.#closing || clock.now().getTime() > lastStartMs) break;
      const at = clock.now();
      const outcome = await this.#attempt(lane, delivery);
      if (outcome.kind === 'abandoned') break;
      const result = this.#resultOf(delivery, lane, at, outcome);
      waiting = result.status === 'PENDING';
      writes.push(this.#results.add(result));
    }
    const allWritten = (await Promise.all(writes)).every((written) => written);
    if (!waiting && allWritten && clock.now() < lane.leasedUntil) await this.#finishedLanes.add(lane);
  }

  async #attempt(lane: Lane, delivery: ClaimedDelivery): Promise<Outcome> {
    if (!lane.enabled) return neverSent('The webhook is disabled');
    const { sender, breaker } = this.#options;
    const { id: deliveryId, body } = delivery;
    const outcome = await sender.send({ deliveryId, webhookId: lane.webhookId, url: lane.url, body });
    if (outcome.kind === 'retry') breaker.failed(lane.url);
    // A receiver that refuses one event is there all the same.
    else if (outcome.kind !== 'abandoned') breaker.succeeded(lane.url);
    return outcome;
  }

  #resultOf(
    delivery: ClaimedDelivery,
    lane: Lane,
    at: Date,
    outcome: Exclude<Outcome, { kind: 'abandoned' }>,
  ): AttemptResult {
    const { clock, random, metrics } = this.#options;
    const next =
      outcome.kind === 'retry'
        ? nextAttemptAt({
            failedAttempts: delivery.roundAttempts + 1,
            now: clock.now(),
            retryUntil: delivery.retryUntil,
            retryAfterMs: outcome.retryAfterMs,
            random: random(),
          })
        : null;
    const status = outcome.kind === 'delivered' ? 'DELIVERED' : next ? 'PENDING' : 'FAILED';
    metrics.attempted(delivery.event, status, outcome.durationMs);
    return {
      deliveryId: delivery.id,
      leasedUntil: lane.leasedUntil,
      at,
      durationMs: outcome.durationMs,
      httpStatus: outcome.httpStatus,
      error: outcome.kind === 'delivered' ? null : outcome.error,
      status,
      nextAttemptAt: next,
    };
  }

  /** A database that is away for a moment costs no repeated delivery; one that stays away costs the lease. */
  async #persist(write: () => Promise<void>): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        await write();
        return true;
      } catch (error) {
        this.#options.log.error({ err: error, tries }, 'Results of webhook deliveries could not be written');
        if (tries >= WRITE_TRIES || this.#closing) return false;
        await setTimeoutPromise(WRITE_RETRY_MS);
      }
    }
  }
}

const keyOf = (lane: Lane): string => `${lane.webhookId} ${lane.sessionId ?? lane.deliveries[0]?.id}`;
