import { afterAll, beforeAll, expect, test } from 'vitest';
import { queueWebhooks } from '../../../src/webhooks/outbox.js';
import {
  meetingEnded,
  meetingStarted,
  participantJoined,
  participantLeft,
} from '../../../src/webhooks/payloads.js';
import { peer, startWebhookBench, type WebhookBench } from './support.js';

let bench: WebhookBench;
beforeAll(async () => {
  bench = await startWebhookBench();
});
afterAll(() => bench.stop());

test('WB03 WB17 WB18: each enabled, subscribed webhook of the app gets its events, in order, with equal bytes', async () => {
  const all = await bench.register('http://a.example/');
  const two = await bench.register('http://b.example/', { events: ['meeting.ended', 'meeting.started'] });
  await bench.register('http://c.example/', { enabled: false });
  const session = bench.session();
  const mary = peer();
  await bench.queue(
    meetingStarted(session),
    participantJoined(session, mary),
    participantLeft(session, mary, bench.clock.now()),
    meetingEnded({ ...session, endedAt: bench.clock.now() }, 'HOST_ENDED_MEETING'),
    meetingStarted({ ...session, appId: crypto.randomUUID() as typeof session.appId }),
  );

  const deliveries = await bench.deliveries();
  const eventsOf = (webhookId: string) =>
    deliveries.filter((row) => row.webhook_id === webhookId).map((row) => row.event);
  expect(eventsOf(all)).toEqual([
    'meeting.started',
    'meeting.participantJoined',
    'meeting.participantLeft',
    'meeting.ended',
  ]);
  expect(eventsOf(two)).toEqual(['meeting.started', 'meeting.ended']);
  expect(deliveries).toHaveLength(6);
  const bodies = deliveries.filter((row) => row.event === 'meeting.ended').map((row) => row.body);
  expect(bodies[0]).toBe(bodies[1]);
});

test('the deliveries are part of the transaction that caused them', async () => {
  const before = (await bench.deliveries()).length;
  const failing = bench.db.transaction().execute(async (trx) => {
    await queueWebhooks(trx, [meetingStarted(bench.session())], bench.clock.now());
    throw new Error('the cause fails');
  });
  await expect(failing).rejects.toThrow('the cause fails');
  expect(await bench.deliveries()).toHaveLength(before);
});

test('a webhook that is being deleted neither holds up nor fails the transaction', async () => {
  const id = await bench.register('http://d.example/');
  await bench.db.transaction().execute(async (deleting) => {
    await deleting.deleteFrom('webhooks').where('id', '=', id).execute();
    await bench.queue(meetingStarted(bench.session()));
  });
});

test('positions follow the order of many events', async () => {
  const id = await bench.register('http://e.example/', { events: ['meeting.participantLeft'] });
  const session = bench.session();
  const names = Array.from({ length: 1_000 }, (_, index) => `peer ${index}`);
  await bench.queue(...names.map((name) => participantLeft(session, peer(name), bench.clock.now())));
  const rows = (await bench.deliveries()).filter((row) => row.webhook_id === id);
  expect(rows.map((row) => JSON.parse(row.body).participant.userDisplayName)).toEqual(names);
});

test('nothing to queue asks nothing of the database', async () => {
  await queueWebhooks(undefined as never, [], bench.clock.now());
});
