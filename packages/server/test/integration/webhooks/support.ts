import { randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Selectable } from 'kysely';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { vi } from 'vitest';
import type { Clock } from '../../../src/clock.js';
import type { WebhookDeliveriesTable } from '../../../src/database/tables.js';
import type { AppId, MeetingId, PeerId, SessionId, WebhookId } from '../../../src/ids.js';
import { WEBHOOK_EVENT_NAMES, type WebhookEventName } from '../../../src/webhooks/events.js';
import { type QueuedWebhookEvent, queueWebhooks } from '../../../src/webhooks/outbox.js';
import type { WebhookSession } from '../../../src/webhooks/payloads.js';
import { createWebhooks, type Webhooks, type WebhooksOptions } from '../../../src/webhooks/webhooks.js';
import { startDatabase } from '../../support/database.js';

/** A clock that stands still until a test moves it. */
class ManualClock implements Clock {
  #now = new Date('2026-01-01T00:00:00.000Z').getTime();

  now(): Date {
    return new Date(this.#now);
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** The parsed body's `event`. */
  event: string;
}

export interface Sink {
  url: string;
  received: Received[];
  /** Resolves when so many requests have arrived. */
  arrived(count: number): Promise<void>;
  /** Requests whose body has arrived and that have no answer yet. */
  waiting: ServerResponse[];
  close(): Promise<void>;
}

export type Answer = number | { status: number; headers?: Record<string, string>; body?: string } | 'hang';

/** A webhook receiver that answers what the test says; 200 unless told. */
export async function startSink(answer: (request: Received) => Answer = () => 200): Promise<Sink> {
  const received: Received[] = [];
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const arrival = { path: request.url!, headers: request.headers, body, event: JSON.parse(body).event };
      received.push(arrival);
      const reply = answer(arrival);
      if (reply === 'hang') {
        waiting.push(response);
        return;
      }
      const { status, headers = {}, body: text = '' } = typeof reply === 'number' ? { status: reply } : reply;
      response.writeHead(status, headers).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    waiting,
    arrived: (count) =>
      vi.waitFor(
        () => {
          if (received.length < count) throw new Error(`${received.length} of ${count} requests arrived`);
        },
        { timeout: 50_000, interval: 5 },
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export type Delivery = Selectable<WebhookDeliveriesTable>;
export type WebhookBench = Awaited<ReturnType<typeof startWebhookBench>>;

/** A database with one app, and the delivery side of webhooks on a clock that stands still. */
export async function startWebhookBench(options: Partial<WebhooksOptions> = {}) {
  const database = await startDatabase();
  const { db } = database;
  const clock = new ManualClock();
  const appId = randomUUID() as AppId;
  const sinks: Sink[] = [];
  const started: Webhooks[] = [];
  const log = pino({ level: 'silent' });
  await db.insertInto('accounts').values({ id: 'account', name: 'Account' }).execute();
  await db
    .insertInto('apps')
    .values({ id: appId, account_id: 'account', name: 'Academy', created_at: clock.now() })
    .execute();

  const bench = {
    ...database,
    clock,
    appId,

    /** Another runner on the same tables, as after a restart. */
    startWebhooks(more: Partial<WebhooksOptions> = {}): Webhooks {
      const webhooks = bench.makeWebhooks(more);
      webhooks.start();
      return webhooks;
    },

    makeWebhooks(more: Partial<WebhooksOptions> = {}): Webhooks {
      const webhooks = createWebhooks({
        db,
        clock,
        log,
        registry: new Registry(),
        allowPrivate: true,
        random: () => 0.5,
        ...options,
        ...more,
      });
      started.push(webhooks);
      return webhooks;
    },

    async sink(answer?: Parameters<typeof startSink>[0]): Promise<Sink> {
      const sink = await startSink(answer);
      sinks.push(sink);
      return sink;
    },

    async register(
      url: string,
      {
        events = [...WEBHOOK_EVENT_NAMES],
        enabled = true,
      }: { events?: WebhookEventName[]; enabled?: boolean } = {},
    ): Promise<WebhookId> {
      const id = randomUUID() as WebhookId;
      await db
        .insertInto('webhooks')
        .values({
          id,
          app_id: appId,
          name: 'hook',
          url,
          events,
          enabled,
          created_at: clock.now(),
          updated_at: clock.now(),
        })
        .execute();
      return id;
    },

    session(): WebhookSession {
      return {
        appId,
        appName: 'Academy',
        meetingId: randomUUID() as MeetingId,
        sessionId: randomUUID() as SessionId,
        title: 'Algebra',
        createdAt: clock.now(),
        startedAt: clock.now(),
      };
    },

    queue: (...events: QueuedWebhookEvent[]) => queueWebhooks(db, events, clock.now()),

    deliveries: (): Promise<Delivery[]> =>
      db.selectFrom('webhook_deliveries').selectAll().orderBy('position').execute(),
    attempts: () => db.selectFrom('webhook_attempts').selectAll().orderBy('at').orderBy('attempt').execute(),

    /** Resolves when every delivery satisfies the condition. */
    async settled(condition: (delivery: Delivery) => boolean): Promise<Delivery[]> {
      return vi.waitFor(
        async () => {
          const all = await this.deliveries();
          const open = all.filter((delivery) => !condition(delivery));
          if (open.length > 0)
            throw new Error(`${open.length} of ${all.length} deliveries are not there yet`);
          return all;
        },
        { timeout: 50_000, interval: 20 },
      );
    },

    async stop(): Promise<void> {
      await Promise.all(started.map((webhooks) => webhooks.close(0)));
      await Promise.all(sinks.map((sink) => sink.close()));
      await database.close();
    },
  };
  return bench;
}

export function peer(name = 'Mary'): {
  peerId: PeerId;
  displayName: string;
  customParticipantId: string;
  joinedAt: Date;
} {
  return {
    peerId: randomUUID() as PeerId,
    displayName: name,
    customParticipantId: `custom-${name}`,
    joinedAt: new Date('2026-01-01T00:00:00.000Z'),
  };
}
