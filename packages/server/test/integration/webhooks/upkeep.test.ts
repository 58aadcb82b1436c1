import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FAILURES_BEFORE_PAUSE, FIRST_PAUSE_MS } from '../../../src/webhooks/breaker.js';
import { meetingStarted, participantJoined } from '../../../src/webhooks/payloads.js';
import { clearDeliveryLog, LOG_KEPT_DAYS } from '../../../src/webhooks/retention.js';
import { peer, startWebhookBench, type WebhookBench } from './support.js';

let bench: WebhookBench;
beforeEach(async () => {
  bench = await startWebhookBench();
});
afterEach(() => bench.stop());

const DAY_MS = 24 * 60 * 60_000;

test('WB15 D06: the log is kept for a month, with its attempts', async () => {
  const sink = await bench.sink();
  const webhooks = bench.startWebhooks();
  await bench.register(sink.url);
  const sessions = Array.from({ length: 1_001 }, () => bench.session());
  await bench.queue(...sessions.map((session) => meetingStarted(session)));
  webhooks.wake();
  await bench.settled((row) => row.status === 'DELIVERED');
  bench.clock.advance(LOG_KEPT_DAYS * DAY_MS);
  await bench.queue(meetingStarted(bench.session()));
  expect(await clearDeliveryLog(bench.db, bench.clock.now())).toBe(0);
  bench.clock.advance(1);
  expect(await clearDeliveryLog(bench.db, bench.clock.now())).toBe(1_001);
  expect(await bench.deliveries()).toHaveLength(1);
  expect((await bench.attempts()).length).toBeLessThanOrEqual(1);
});

test('deliveries of deleted webhooks are cleared away', async () => {
  const id = await bench.register('http://gone.example/');
  await bench.queue(meetingStarted(bench.session()));
  await bench.db.deleteFrom('webhooks').where('id', '=', id).execute();
  expect(await clearDeliveryLog(bench.db, bench.clock.now())).toBe(1);
});

test('a failed delivery is sent again by hand, with the same id and body and a log that goes on', async () => {
  let status = 400;
  const sink = await bench.sink(() => status);
  await bench.register(sink.url);
  const webhooks = bench.startWebhooks();
  await bench.queue(meetingStarted(bench.session()));
  webhooks.wake();
  const [failed] = await bench.settled((row) => row.status === 'FAILED');

  status = 500;
  bench.clock.advance(3 * DAY_MS);
  expect(await webhooks.redeliver(failed!.id)).toBe(true);
  await sink.arrived(2);
  const [retried] = await bench.settled((row) => row.attempts === 2);
  // A new retry window: three days after the first attempt a 500 is retried.
  expect(retried).toMatchObject({ status: 'PENDING', round_attempts: 1 });
  status = 200;
  bench.clock.advance(5_000);
  webhooks.wake();
  await bench.settled((row) => row.status === 'DELIVERED');

  expect((await bench.attempts()).map((attempt) => [attempt.attempt, attempt.http_status])).toEqual([
    [1, 400],
    [2, 500],
    [3, 200],
  ]);
  expect(new Set(sink.received.map((request) => request.headers['rtk-uuid'])).size).toBe(1);
  expect(new Set(sink.received.map((request) => request.body)).size).toBe(1);
});

test('a delivery that waits for its retry is brought forward; an unknown one is not there', async () => {
  let status = 500;
  const sink = await bench.sink(() => status);
  await bench.register(sink.url);
  const webhooks = bench.startWebhooks();
  await bench.queue(meetingStarted(bench.session()));
  for (const attempts of [1, 2, 3]) {
    webhooks.wake();
    const [row] = await bench.settled((delivery) => delivery.attempts === attempts);
    if (attempts < 3) bench.clock.advance(row!.next_attempt_at.getTime() - bench.clock.now().getTime());
  }
  status = 200;
  const [waiting] = await bench.deliveries();
  expect(await webhooks.redeliver(waiting!.id)).toBe(true);
  await bench.settled((row) => row.status === 'DELIVERED');
  expect(await webhooks.redeliver(randomUUID())).toBe(false);
});

test('WB12: a URL that keeps failing gets fewer attempts, and all of them once it has recovered', async () => {
  let status = 503;
  const sink = await bench.sink(() => status);
  await bench.register(sink.url);
  const webhooks = bench.startWebhooks();
  for (let failures = 1; failures <= FAILURES_BEFORE_PAUSE; failures += 1) {
    await bench.queue(meetingStarted(bench.session()));
    webhooks.wake();
    await sink.arrived(failures);
    await bench.settled((row) => row.attempts > 0);
  }
  await bench.queue(...Array.from({ length: 20 }, () => meetingStarted(bench.session())));
  webhooks.wake();
  // Another receiver's delivery shows that the runner has looked.
  const other = await bench.sink();
  const otherId = await bench.register(other.url, { events: ['meeting.participantJoined'] });
  await bench.queue(participantJoined(bench.session(), peer()));
  webhooks.wake();
  await bench.settled((row) => row.webhook_id !== otherId || row.status === 'DELIVERED');
  expect(sink.received).toHaveLength(FAILURES_BEFORE_PAUSE);

  // After the pause one attempt is made, and its failure begins a longer pause.
  bench.clock.advance(FIRST_PAUSE_MS);
  webhooks.wake();
  await sink.arrived(FAILURES_BEFORE_PAUSE + 1);
  await bench.settled((row) => row.attempts > 0 || row.status === 'PENDING');
  bench.clock.advance(FIRST_PAUSE_MS);
  webhooks.wake();
  await bench.queue(participantJoined({ ...bench.session() }, peer()));
  webhooks.wake();
  await other.arrived(2);
  expect(sink.received).toHaveLength(FAILURES_BEFORE_PAUSE + 1);

  status = 200;
  bench.clock.advance(FIRST_PAUSE_MS);
  webhooks.wake();
  await sink.arrived(FAILURES_BEFORE_PAUSE + 2);
  bench.clock.advance(60_000);
  webhooks.wake();
  await bench.settled((row) => row.status === 'DELIVERED');
});

test('the metrics count attempts and outcomes, and show the oldest pending age', async () => {
  const registry = new Registry();
  const sink = await bench.sink((request) => (request.event === 'meeting.started' ? 200 : 400));
  await bench.register(sink.url);
  const webhooks = bench.startWebhooks({ registry });
  const session = bench.session();
  await bench.queue(meetingStarted(session), participantJoined(session, peer()));
  webhooks.wake();
  await bench.settled((row) => row.status !== 'PENDING');
  await webhooks.close();
  await bench.queue(meetingStarted(bench.session()));
  bench.clock.advance(90_000);

  const text = await registry.metrics();
  expect(text).toContain('parley_webhook_attempts_total{event="meeting.started"} 1');
  expect(text).toContain('parley_webhook_delivered_total{event="meeting.started"} 1');
  expect(text).toContain('parley_webhook_failed_total{event="meeting.participantJoined"} 1');
  expect(text).toContain('parley_webhook_pending 1');
  expect(text).toContain('parley_webhook_oldest_pending_seconds 90');
});

test('a thousand events of one session and two hundred sessions go out in a few seconds', async () => {
  const sink = await bench.sink();
  await bench.register(sink.url);
  const webhooks = bench.startWebhooks();
  const session = bench.session();
  await bench.queue(...Array.from({ length: 1_000 }, () => participantJoined(session, peer())));
  await bench.queue(...Array.from({ length: 200 }, () => meetingStarted(bench.session())));
  const startedMs = performance.now();
  webhooks.wake();
  await sink.arrived(1_200);
  const seconds = (performance.now() - startedMs) / 1_000;
  console.log(`1200 deliveries in ${seconds.toFixed(2)} s: ${Math.round(1_200 / seconds)}/s`);
  expect(seconds).toBeLessThan(15);
  await bench.settled((row) => row.status === 'DELIVERED');
});
