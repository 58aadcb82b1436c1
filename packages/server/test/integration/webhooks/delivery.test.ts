import { webcrypto } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { meetingEnded, meetingStarted, participantJoined } from '../../../src/webhooks/payloads.js';
import type { Webhooks } from '../../../src/webhooks/webhooks.js';
import { type Answer, peer, startWebhookBench, type WebhookBench } from './support.js';

let bench: WebhookBench;
let webhooks: Webhooks;
beforeAll(async () => {
  bench = await startWebhookBench({ requestTimeoutMs: 2_000 });
  webhooks = bench.startWebhooks();
});
afterAll(() => bench.stop());

/** One event to one receiver; the clock moves to each retry until the delivery has ended. */
async function deliverOnce(answer: (place: number) => Answer) {
  let place = 0;
  const sink = await bench.sink(() => {
    place += 1;
    return answer(place);
  });
  return { sink, ...(await deliverTo(sink.url)) };
}

async function deliverTo(url: string) {
  const webhookId = await bench.register(url);
  await bench.queue(meetingStarted(bench.session()));
  // What later tests queue is not for this receiver.
  await bench.db.updateTable('webhooks').set({ events: [] }).where('id', '=', webhookId).execute();
  const waits: number[] = [];
  for (;;) {
    webhooks.wake();
    const now = bench.clock.now().getTime();
    const seen = waits.length;
    const all = await bench.settled(
      (row) => row.webhook_id !== webhookId || row.status !== 'PENDING' || row.attempts > seen,
    );
    const delivery = all.find((row) => row.webhook_id === webhookId)!;
    if (delivery.status !== 'PENDING') {
      const attempts = (await bench.attempts()).filter((attempt) => attempt.delivery_id === delivery.id);
      return { webhookId, delivery, attempts, waits };
    }
    waits.push(delivery.next_attempt_at.getTime() - now);
    bench.clock.advance(waits.at(-1)!);
  }
}

async function verifies(signature: string, body: string): Promise<boolean> {
  const pem = await webhooks.publicKeyPem();
  const der = Buffer.from(pem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const key = await webcrypto.subtle.importKey('spki', der, algorithm, true, ['verify']);
  expect((key.algorithm as webcrypto.RsaKeyAlgorithm).modulusLength).toBe(2048);
  return webcrypto.subtle.verify(algorithm.name, key, Buffer.from(signature, 'base64'), Buffer.from(body));
}

test('WB05 WB06 WB08 WB09 WB18: the request and its signature', async () => {
  const { sink, delivery, webhookId } = await deliverOnce(() => 200);
  const [{ headers, body }] = sink.received as [(typeof sink.received)[0]];
  expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 1 });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'rtk-uuid': delivery.id,
    'rtk-webhook-id': webhookId,
  });
  expect(headers['user-agent']).toMatch(/^Parley/);
  expect(body).toBe(delivery.body);
  expect(await verifies(headers['rtk-signature'] as string, body)).toBe(true);
  expect(await verifies(headers['rtk-signature'] as string, body.replace('LIVE', 'LIVF'))).toBe(false);
});

test('user and password of a URL are sent as Basic credentials', async () => {
  const sink = await bench.sink();
  const { delivery } = await deliverTo(sink.url.replace('http://', 'http://me%40x:p%3Aw%25@'));
  expect(delivery.status).toBe('DELIVERED');
  const pair = Buffer.from('me@x:p:w%').toString('base64');
  expect(sink.received[0]!.headers.authorization).toBe(`Basic ${pair}`);
});

test('WB09: a second start uses the same key', async () => {
  expect(await bench.startWebhooks().publicKeyPem()).toBe(await webhooks.publicKeyPem());
  expect(await webhooks.publicKeyPem()).toMatch(
    /^-----BEGIN PUBLIC KEY-----\n[^-]+\n-----END PUBLIC KEY-----$/,
  );
});

test('WB10: any 2xx is success', async () => {
  const { delivery, attempts } = await deliverOnce(() => 204);
  expect(delivery.status).toBe('DELIVERED');
  expect(attempts).toMatchObject([{ attempt: 1, http_status: 204, error: null }]);
});

test('WB07 WB11 Q29: 500, 500, 200 are three attempts with one id, one body, one signature', async () => {
  const { sink, delivery, attempts, waits } = await deliverOnce((place) => (place < 3 ? 500 : 200));
  expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 3 });
  expect(waits).toEqual([5_000, 30_000]);
  expect(attempts.map((attempt) => [attempt.attempt, attempt.http_status, attempt.error])).toEqual([
    [1, 500, 'Answered 500'],
    [2, 500, 'Answered 500'],
    [3, 200, null],
  ]);
  for (const key of ['body', 'headers'] as const) {
    const sent = sink.received.map((request) =>
      key === 'body' ? request.body : `${request.headers['rtk-uuid']} ${request.headers['rtk-signature']}`,
    );
    expect(new Set(sent).size).toBe(1);
  }
});

test('WB11: 404 is tried once', async () => {
  const { sink, delivery, attempts } = await deliverOnce(() => 404);
  expect(delivery.status).toBe('FAILED');
  expect(sink.received).toHaveLength(1);
  expect(attempts).toMatchObject([{ http_status: 404, error: 'Answered 404' }]);
});

test('a redirect is not followed', async () => {
  const other = await bench.sink();
  const { delivery, attempts } = await deliverOnce(() => ({ status: 307, headers: { location: other.url } }));
  expect(delivery.status).toBe('FAILED');
  expect(attempts).toMatchObject([{ http_status: 307, error: 'Answered 307; redirects are not followed' }]);
  expect(other.received).toHaveLength(0);
});

test('429 is retried, not sooner than Retry-After asks', async () => {
  const { delivery, waits } = await deliverOnce((place) =>
    place === 1 ? { status: 429, headers: { 'retry-after': '120' } } : 200,
  );
  expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 2 });
  expect(waits).toEqual([120_000]);
});

test('WB13: a receiver that does not answer is cut off at the time limit and retried', async () => {
  const { sink, attempts, delivery } = await deliverOnce((place) => (place === 1 ? 'hang' : 200));
  expect(delivery).toMatchObject({ status: 'DELIVERED', attempts: 2 });
  expect(attempts[0]).toMatchObject({ http_status: null, error: 'No answer within 2000 ms' });
  expect(attempts[0]!.duration_ms).toBeGreaterThanOrEqual(1_990);
  expect(sink.received).toHaveLength(2);
});

test('WB11: a refused connection is retried', async () => {
  const sink = await bench.sink();
  await sink.close();
  const webhookId = await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  webhooks.wake();
  await bench.settled((row) => row.webhook_id !== webhookId || row.attempts === 1);
  const delivery = (await bench.deliveries()).find((row) => row.webhook_id === webhookId)!;
  expect(delivery.status).toBe('PENDING');
  const attempt = (await bench.attempts()).find((row) => row.delivery_id === delivery.id)!;
  expect(attempt.error).toContain('ECONNREFUSED');
  await bench.db.deleteFrom('webhooks').where('id', '=', webhookId).execute();
  await bench.db.deleteFrom('webhook_deliveries').where('id', '=', delivery.id).execute();
});

test('a receiver that keeps failing is given up after 24 hours', async () => {
  const { delivery, attempts, waits } = await deliverOnce(() => 503);
  expect(delivery.status).toBe('FAILED');
  expect(waits.reduce((sum, wait) => sum + wait, 0)).toBe(24 * 60 * 60_000);
  expect(attempts).toHaveLength(waits.length + 1);
});

test('an answer with an endless body costs no more than its bound, and its status counts', async () => {
  const { delivery } = await deliverOnce(() => ({ status: 200, body: 'x'.repeat(1_000_000) }));
  expect(delivery.status).toBe('DELIVERED');
});

test('WB17: a delivery that falls due while its webhook is disabled is not sent', async () => {
  const sink = await bench.sink();
  const webhookId = await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  await bench.db.updateTable('webhooks').set({ enabled: false }).where('id', '=', webhookId).execute();
  webhooks.wake();
  await bench.settled((row) => row.webhook_id !== webhookId || row.status === 'FAILED');
  expect(sink.received).toHaveLength(0);
  const delivery = (await bench.deliveries()).find((row) => row.webhook_id === webhookId)!;
  const attempt = (await bench.attempts()).find((row) => row.delivery_id === delivery.id);
  expect(attempt).toMatchObject({ error: 'The webhook is disabled', http_status: null });
});

test('the deliveries of a deleted webhook are not sent', async () => {
  const sink = await bench.sink();
  const gone = await bench.register(sink.url);
  await bench.queue(meetingStarted(bench.session()));
  await bench.db.deleteFrom('webhooks').where('id', '=', gone).execute();
  const marker = await deliverOnce(() => 200);
  expect(marker.delivery.status).toBe('DELIVERED');
  expect(sink.received).toHaveLength(0);
});

test('WP01 WP02 WP03: what arrives is what the payloads say', async () => {
  const sink = await bench.sink();
  await bench.register(sink.url);
  const session = bench.session();
  const mary = peer('Mary \u2028 \u0000 \ud800 "\u00e9"');
  const events = [
    meetingStarted(session),
    participantJoined(session, mary),
    meetingEnded({ ...session, endedAt: bench.clock.now() }, 'ALL_PARTICIPANTS_LEFT'),
  ];
  await bench.queue(...events);
  webhooks.wake();
  await sink.arrived(3);
  expect(sink.received.map((request) => JSON.parse(request.body))).toEqual(
    events.map((event) => JSON.parse(JSON.stringify(event.payload))),
  );
  expect(await verifies(sink.received[1]!.headers['rtk-signature'] as string, sink.received[1]!.body)).toBe(
    true,
  );
});
