import fc from 'fast-check';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebhookId } from '../../../src/ids.js';
import { claimLanes } from '../../../src/webhooks/claims.js';
import { meetingStarted, participantJoined, participantLeft } from '../../../src/webhooks/payloads.js';
import { releaseLanes, writeResults } from '../../../src/webhooks/results.js';
import { LEASE_MS } from '../../../src/webhooks/schedule.js';
import type { Webhooks } from '../../../src/webhooks/webhooks.js';
import { type Answer, peer, type Received, startWebhookBench, type WebhookBench } from './support.js';

let bench: WebhookBench;
beforeEach(async () => {
  bench = await startWebhookBench({ requestTimeoutMs: 10_000 });
});
afterEach(() => bench.stop());

const nameOf = (request: Received): string => JSON.parse(request.body).participant.userDisplayName;
const sessionOf = (request: Received): string => JSON.parse(request.body).meeting.sessionId;

test('WB16: an event waits until the earlier one of its session is delivered, over its retries', async () => {
  const failures = new Map([['second', 2]]);
  const sink = await bench.sink((request) => {
    const left = failures.get(nameOf(request)) ?? 0;
    failures.set(nameOf(request), left - 1);
    return left > 0 ? 500 : 200;
  });
  await bench.register(sink.url);
  const session = bench.session();
  await bench.queue(...['first', 'second', 'third'].map((name) => participantJoined(session, peer(name))));
  const webhooks = bench.startWebhooks();
  await sink.arrived(2);
  await bench.settled(
    (row) => row.event !== 'meeting.participantJoined' || row.attempts > 0 || row.position === '3',
  );
  // The third one is looked at, and does not overtake.
  bench.clock.advance(2_000);
  webhooks.wake();
  for (const wait of [5_000, 30_000]) {
    bench.clock.advance(wait);
    webhooks.wake();
    await sink.arrived(wait === 5_000 ? 3 : 4);
    await bench.settled((row) => row.attempts > (wait === 5_000 ? 1 : 2) || row.position !== '2');
  }
  await bench.settled((row) => row.status === 'DELIVERED');
  expect(sink.received.map(nameOf)).toEqual(['first', 'second', 'second', 'second', 'third']);
});

test('WB16: an event that failed for good lets the next one go', async () => {
  const sink = await bench.sink((request) => (nameOf(request) === 'first' ? 400 : 200));
  await bench.register(sink.url);
  const session = bench.session();
  await bench.queue(participantJoined(session, peer('first')), participantJoined(session, peer('second')));
  bench.startWebhooks();
  const rows = await bench.settled((row) => row.status !== 'PENDING');
  expect(rows.map((row) => row.status)).toEqual(['FAILED', 'DELIVERED']);
});

test('a session that waits for a retry does not hold up another of the same receiver', async () => {
  const stuck = bench.session();
  const sink = await bench.sink((request) => (sessionOf(request) === stuck.sessionId ? 500 : 200));
  await bench.register(sink.url);
  await bench.queue(participantJoined(stuck, peer()), participantJoined(stuck, peer()));
  const webhooks = bench.startWebhooks();
  await sink.arrived(1);
  const free = bench.session();
  await bench.queue(participantJoined(free, peer()), participantJoined(free, peer()));
  webhooks.wake();
  await bench.settled((row) => row.session_id === stuck.sessionId || row.status === 'DELIVERED');
});

test('an event that is being parked while the lane before it is let go does not wait for a lease', async () => {
  const sink = await bench.sink(() => (sink.received.length === 1 ? 'hang' : 200));
  await bench.register(sink.url);
  // Parking takes long enough for the lane to be done in the middle of it.
  await sql`
    create function dawdle() returns trigger language plpgsql as $$
    begin
      if new.status = 'PENDING' and new.event = 'meeting.participantLeft' then perform pg_sleep(0.5); end if;
      return new;
    end $$`.execute(bench.db);
  await sql`create trigger dawdle before update on webhook_deliveries for each row execute function dawdle()`.execute(
    bench.db,
  );
  const session = bench.session();
  await bench.queue(participantJoined(session, peer('first')));
  const webhooks = bench.startWebhooks();
  await sink.arrived(1);
  await bench.queue(participantLeft(session, peer('second'), bench.clock.now()));
  webhooks.wake();
  const asleep = () =>
    sql`select 1 from pg_stat_activity
      where wait_event = 'PgSleep' and datname = current_database()`.execute(bench.db);
  await expect.poll(async () => (await asleep()).rows).toHaveLength(1);
  sink.waiting[0]!.writeHead(200).end();
  await bench.settled((row) => row.status === 'DELIVERED');
});

test('events queued behind a lane at work go out when it is done, without waiting for a lease', async () => {
  const sink = await bench.sink(() => (sink.received.length === 1 ? 'hang' : 200));
  await bench.register(sink.url);
  const session = bench.session();
  await bench.queue(participantJoined(session, peer('first')));
  const webhooks = bench.startWebhooks();
  await sink.arrived(1);
  await bench.queue(participantJoined(session, peer('second')), participantJoined(session, peer('third')));
  webhooks.wake();
  const secondIsParked = async () => (await bench.deliveries())[1]!.next_attempt_at > bench.clock.now();
  await expect.poll(secondIsParked).toBe(true);
  sink.waiting[0]!.writeHead(200).end();
  await bench.settled((row) => row.status === 'DELIVERED');
  expect(sink.received.map(nameOf)).toEqual(['first', 'second', 'third']);
});

test('a slow receiver delays no other', async () => {
  const slow = await bench.sink(() => 'hang');
  const quick = await bench.sink();
  await bench.register(slow.url);
  for (let session = 0; session < 100; session += 1) await bench.queue(meetingStarted(bench.session()));
  const webhooks = bench.startWebhooks();
  await slow.arrived(16);
  const quickId = await bench.register(quick.url);
  await bench.queue(meetingStarted(bench.session()));
  const startedMs = performance.now();
  webhooks.wake();
  await bench.settled((row) => row.webhook_id !== quickId || row.status === 'DELIVERED');
  expect(performance.now() - startedMs).toBeLessThan(8_000);
  expect(slow.received.length).toBeLessThanOrEqual(16);
});

test('two runners on the same tables: first arrivals are in order, and none is missing', async () => {
  const sink = await bench.sink();
  await bench.register(sink.url);
  const sessions = Array.from({ length: 8 }, () => bench.session());
  const runners = [bench.startWebhooks(), bench.startWebhooks()];
  const names = Array.from({ length: 40 }, (_, index) => String(index));
  for (const name of names) {
    await bench.queue(...sessions.map((session) => participantJoined(session, peer(name))));
    for (const runner of runners) runner.wake();
  }
  await vi.waitFor(
    async () => {
      // One runner may park a delivery behind a head that the other has just sent; a lease later it goes on.
      bench.clock.advance(1_000);
      for (const runner of runners) runner.wake();
      expect((await bench.deliveries()).filter((row) => row.status !== 'DELIVERED')).toHaveLength(0);
    },
    { timeout: 20_000, interval: 100 },
  );
  for (const session of sessions) {
    const arrivals = sink.received.filter((request) => sessionOf(request) === session.sessionId);
    const first = new Map(arrivals.map((request) => [request.headers['rtk-uuid'], nameOf(request)]));
    expect([...first.values()]).toEqual(names);
  }
});

test('events without a session wait for nothing', async () => {
  const sink = await bench.sink(() => (sink.received.length === 1 ? 'hang' : 200));
  await bench.register(sink.url);
  const alone = () => ({ ...meetingStarted(bench.session()), sessionId: null });
  await bench.queue(alone(), alone(), alone());
  const webhooks = bench.startWebhooks();
  await sink.arrived(3);
  await bench.settled(
    (row) => row.id === sink.received[0]!.headers['rtk-uuid'] || row.status === 'DELIVERED',
  );
  await webhooks.close(0);
  const [stopped] = (await bench.deliveries()).filter((row) => row.status === 'PENDING');
  expect(stopped).toMatchObject({ attempts: 0, next_attempt_at: bench.clock.now() });
});

/** Answers that never fail five times in a row, so that the URL is not paused. */
const answersInTurn = fc
  .array(fc.constantFrom<Answer>(200, 204, 302, 404, 429, 500, 503), { maxLength: 4 })
  .map((answers) => [200, ...answers]);

test('WB16, whatever the receiver answers: nothing is missing, nothing overtakes', async () => {
  await fc.assert(
    fc.asyncProperty(answersInTurn, fc.integer({ min: 1, max: 12 }), async (answers, events) => {
      let place = 0;
      const sink = await bench.sink(() => {
        place += 1;
        return answers[place % answers.length]!;
      });
      const webhookId = await bench.register(sink.url);
      const sessions = [bench.session(), bench.session()];
      // Without jitter upwards no wait of the schedule is as long as a lease.
      const webhooks = bench.startWebhooks({ random: () => 0, requestTimeoutMs: 500 });
      for (let event = 0; event < events; event += 1) {
        await bench.queue(
          ...sessions.map((session) => participantLeft(session, peer(String(event)), new Date(0))),
        );
        webhooks.wake();
      }
      await allSettled(webhookId, webhooks);
      await webhooks.close(0);
      await bench.db.deleteFrom('webhooks').where('id', '=', webhookId).execute();
      for (const session of sessions) {
        const ofSession = sink.received.filter((request) => sessionOf(request) === session.sessionId);
        const arrivals = ofSession.map((request) => Number(nameOf(request)));
        expect([...new Set(arrivals)]).toEqual(Array.from({ length: events }, (_, event) => event));
        expect(arrivals).toEqual(arrivals.toSorted((one, other) => one - other));
      }
    }),
    { numRuns: 25 },
  );
});

/** Moves the clock to the next retry whenever nothing is due and nothing under way, until all is settled. */
async function allSettled(webhookId: WebhookId, webhooks: Webhooks): Promise<void> {
  await vi.waitFor(
    async () => {
      webhooks.wake();
      const pending = (await bench.deliveries()).filter(
        (row) => row.webhook_id === webhookId && row.status === 'PENDING',
      );
      const now = bench.clock.now().getTime();
      const heads = new Map(
        pending.toReversed().map((row) => [row.session_id, row.next_attempt_at.getTime()]),
      );
      const waits = [...heads.values()].map((at) => at - now);
      if (waits.every((wait) => wait > 0 && wait !== LEASE_MS) && waits.length > 0) {
        bench.clock.advance(Math.min(...waits));
      }
      expect(pending).toHaveLength(0);
    },
    { timeout: 20_000, interval: 5 },
  );
}

test('a finished lane leaves alone what was queued and taken meanwhile (WB07)', async () => {
  const session = bench.session();
  await bench.register('http://127.0.0.1:9/');
  const claim = async () => {
    const request = {
      lanes: 10,
      lanesPerWebhook: 10,
      lanesUnderWay: new Map(),
      pausedUrls: [],
      trialUrls: [],
    };
    const { lanes } = await claimLanes(bench.db, { ...request, now: bench.clock.now() });
    bench.clock.advance(5);
    return lanes;
  };
  await bench.queue(participantJoined(session, peer('first')));
  const [first] = await claim();
  const [delivery] = first!.deliveries;
  const result = { deliveryId: delivery!.id, leasedUntil: first!.leasedUntil, at: bench.clock.now() };
  const delivered = {
    durationMs: 1,
    httpStatus: 200,
    error: null,
    status: 'DELIVERED',
    nextAttemptAt: null,
  } as const;
  await writeResults(bench.db, [{ ...result, ...delivered }], bench.clock.now());

  await bench.queue(participantJoined(session, peer('second')), participantJoined(session, peer('third')));
  const [second] = await claim();
  expect(second!.deliveries).toHaveLength(2);
  await releaseLanes(bench.db, [first!], bench.clock.now());
  expect(await claim()).toEqual([]);
});
