import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from '../../../src/database/connect.js';
import { meetingStarted, participantJoined } from '../../../src/webhooks/payloads.js';
import { LEASE_MS, RETRY_DELAYS_MS } from '../../../src/webhooks/schedule.js';
import { peer, startWebhookBench, type WebhookBench } from './support.js';

let bench: WebhookBench;
beforeEach(async () => {
  bench = await startWebhookBench({ requestTimeoutMs: 10_000 });
});
afterEach(() => bench.stop());

test('a runner that dies in mid-delivery: the event comes again with the same rtk-uuid and body, and in order', async () => {
  let answers = false;
  const sink = await bench.sink(() => (answers ? 200 : 'hang'));
  await bench.register(sink.url);
  const session = bench.session();
  await bench.queue(meetingStarted(session), participantJoined(session, peer()));
  // The first runner loses its database in mid-delivery, so that nothing of what it does is written any more.
  const doomed = connect({ url: bench.url, maxConnections: 2 });
  bench.startWebhooks({ db: doomed });
  await sink.arrived(1);
  await doomed.destroy();
  answers = true;
  sink.waiting[0]!.writeHead(200).end();

  const next = bench.startWebhooks();
  next.wake();
  await expect(bench.deliveries()).resolves.toMatchObject([
    { status: 'PENDING', attempts: 0 },
    { status: 'PENDING' },
  ]);
  bench.clock.advance(LEASE_MS);
  next.wake();
  await bench.settled((row) => row.status === 'DELIVERED');
  const [first, again] = sink.received.filter((request) => request.event === 'meeting.started');
  expect(again!.headers['rtk-uuid']).toBe(first!.headers['rtk-uuid']);
  expect(again!.headers['rtk-signature']).toBe(first!.headers['rtk-signature']);
  expect(again!.body).toBe(first!.body);
  expect(sink.received.at(-1)!.event).toBe('meeting.participantJoined');
});

test('the next owner of the database sends at once what was under way, in order, and refuses the late result', async () => {
  const sink = await bench.sink(() => 'hang');
  await bench.register(sink.url);
  const session = bench.session();
  await bench.queue(meetingStarted(session), participantJoined(session, peer()));
  const dead = bench.startWebhooks();
  await sink.arrived(1);

  bench.clock.advance(1_000);
  const owner = bench.makeWebhooks();
  await owner.takeOver();
  owner.start();
  await sink.arrived(2);
  expect(sink.received[1]!.headers['rtk-uuid']).toBe(sink.received[0]!.headers['rtk-uuid']);
  sink.waiting[0]!.writeHead(404).end();
  await dead.close(5_000);
  expect(await bench.attempts()).toHaveLength(0);
  sink.waiting[1]!.writeHead(200).end();
  await sink.arrived(3);
  sink.waiting[2]!.writeHead(200).end();
  await bench.settled((row) => row.status === 'DELIVERED');
  expect((await bench.deliveries()).map(({ attempts }) => attempts)).toEqual([1, 1]);
});

test('the next owner of the database sends a retry at once that was under way (WB07, WB11)', async () => {
  const sink = await bench.sink(() => (sink.received.length === 1 ? 500 : 'hang'));
  await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  const dead = bench.startWebhooks();
  await expect.poll(async () => (await bench.deliveries())[0]!.attempts).toBe(1);
  bench.clock.advance(RETRY_DELAYS_MS[0]);
  dead.wake();
  await sink.arrived(2);

  const owner = bench.makeWebhooks();
  await owner.takeOver();
  owner.start();
  await sink.arrived(3);
  expect(new Set(sink.received.map(({ headers }) => headers['rtk-uuid'])).size).toBe(1);
  sink.waiting[1]!.writeHead(200).end();
  await bench.settled((row) => row.status === 'DELIVERED');
});

test('the next owner of the database shortens no wait for a retry', async () => {
  const sink = await bench.sink(() => 500);
  await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  const dead = bench.startWebhooks();
  await expect.poll(async () => (await bench.deliveries())[0]!.attempts).toBe(1);
  await dead.close();
  const [before] = await bench.deliveries();
  await bench.makeWebhooks().takeOver();
  expect(await bench.deliveries()).toEqual([before]);
});

test('a result that comes after its lease is refused, and so is its log line', async () => {
  const sink = await bench.sink(() => 'hang');
  await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  const stalled = bench.startWebhooks();
  await sink.arrived(1);
  bench.clock.advance(LEASE_MS);
  const other = bench.startWebhooks();
  await sink.arrived(2);
  const whileOtherSends = await bench.deliveries();
  sink.waiting[0]!.writeHead(404).end();
  await stalled.close(5_000);
  expect(await bench.deliveries()).toEqual(whileOtherSends);
  expect(await bench.attempts()).toHaveLength(0);
  sink.waiting[1]!.writeHead(200).end();
  await other.close(5_000);
  expect(await bench.deliveries()).toMatchObject([{ status: 'DELIVERED', attempts: 1 }]);
  expect(await bench.attempts()).toMatchObject([{ http_status: 200 }]);
});

test('a stop lets an attempt end, and leaves the rest due at once', async () => {
  const sink = await bench.sink(() => 'hang');
  await bench.register(sink.url);
  const session = bench.session();
  await bench.queue(meetingStarted(session), participantJoined(session, peer()));
  const stopping = bench.startWebhooks();
  await sink.arrived(1);
  const closed = stopping.close(5_000);
  sink.waiting[0]!.writeHead(200).end();
  await closed;
  expect(sink.received).toHaveLength(1);
  const [first, second] = await bench.deliveries();
  expect(first).toMatchObject({ status: 'DELIVERED' });
  expect(second).toMatchObject({ status: 'PENDING', attempts: 0, next_attempt_at: bench.clock.now() });
});

test('a stop cuts off what takes too long; the attempt does not count and is due at once', async () => {
  const sink = await bench.sink(() => 'hang');
  await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  const stopping = bench.startWebhooks();
  await sink.arrived(1);
  const startedMs = performance.now();
  await stopping.close(50);
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(await bench.deliveries()).toMatchObject([
    { status: 'PENDING', attempts: 0, next_attempt_at: bench.clock.now() },
  ]);
  expect(await bench.attempts()).toHaveLength(0);
});

test('a database that is away at the start and comes back costs no delivery', async () => {
  const sink = await bench.sink();
  await bench.register(sink.url);
  const webhooks = bench.startWebhooks();
  await bench.db.schema.alterTable('webhook_deliveries').renameTo('elsewhere').execute();
  webhooks.wake();
  await bench.db.schema.alterTable('elsewhere').renameTo('webhook_deliveries').execute();
  await bench.queue(meetingStarted(bench.session()));
  webhooks.wake();
  await bench.settled((row) => row.status === 'DELIVERED');
});

test('results that the database does not take at first are written later, without a second delivery', async () => {
  const sink = await bench.sink(() => 'hang');
  await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  bench.startWebhooks();
  await sink.arrived(1);
  await bench.db.schema.alterTable('webhook_attempts').renameTo('elsewhere').execute();
  sink.waiting[0]!.writeHead(200).end();
  await expect.poll(async () => (await bench.deliveries())[0]!.status, { timeout: 400 }).toBe('PENDING');
  await bench.db.schema.alterTable('elsewhere').renameTo('webhook_attempts').execute();
  await bench.settled((row) => row.status === 'DELIVERED');
  expect(sink.received).toHaveLength(1);
});
