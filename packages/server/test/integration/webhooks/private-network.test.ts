import type { lookup } from 'node:dns';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, issueCertificate } from '../../../src/tls/certificates.js';
import { meetingStarted } from '../../../src/webhooks/payloads.js';
import type { WebhooksOptions } from '../../../src/webhooks/webhooks.js';
import { type Sink, startWebhookBench, type WebhookBench } from './support.js';

let bench: WebhookBench;
let sink: Sink;
let port: string;

/** `rebinding.example` answers with a public address once and with loopback after that. */
let answers = 0;
const resolve = ((hostname: string, _options: unknown, callback: (...args: unknown[]) => void) => {
  answers += 1;
  const loopback = { address: '127.0.0.1', family: 4 };
  const open = { address: '192.0.43.8', family: 4 };
  if (hostname === 'mixed.example') callback(null, [open, loopback]);
  else if (hostname === 'rebinding.example' && answers === 1) callback(null, [open]);
  else callback(null, [loopback]);
}) as unknown as typeof lookup;

beforeAll(async () => {
  bench = await startWebhookBench({ allowPrivate: false, requestTimeoutMs: 5_000 });
  sink = await bench.sink();
  port = new URL(sink.url).port;
});
afterAll(() => bench.stop());

async function attemptTo(url: string, options: Partial<WebhooksOptions> = {}) {
  const webhookId = await bench.register(url);
  await bench.queue(meetingStarted(bench.session()));
  const webhooks = bench.startWebhooks(options);
  await bench.settled((row) => row.webhook_id !== webhookId || row.attempts > 0 || row.status !== 'PENDING');
  await webhooks.close(0);
  const delivery = (await bench.deliveries()).find((row) => row.webhook_id === webhookId)!;
  const attempt = (await bench.attempts()).find((row) => row.delivery_id === delivery.id)!;
  await bench.db.deleteFrom('webhooks').where('id', '=', webhookId).execute();
  return { delivery, attempt };
}

test.each([
  ['a loopback address', () => `http://127.0.0.1:${port}/`],
  ['another spelling of it', () => `http://0x7f.1:${port}/`],
  ['the unspecified address', () => `http://0.0.0.0:${port}/`],
  ['a loopback address of IPv6', () => `http://[::1]:${port}/`],
  ['an IPv4 address mapped into IPv6', () => `http://[::ffff:127.0.0.1]:${port}/`],
  ['the metadata service of clouds', () => 'http://169.254.169.254/latest/meta-data/'],
  ['a private address over TLS', () => 'https://10.0.0.1/'],
  ['a name that resolves to loopback', () => `http://localhost:${port}/`],
])('%s is refused, recorded and not retried', async (_name, url) => {
  const { delivery, attempt } = await attemptTo(url());
  expect(delivery.status).toBe('FAILED');
  expect(attempt.http_status).toBeNull();
  expect(attempt.error).toContain('is not a public address');
  expect(sink.received).toHaveLength(0);
});

test('a name is refused when one of its addresses is private', async () => {
  const { attempt } = await attemptTo(`http://mixed.example:${port}/`, { resolve });
  expect(attempt.error).toContain('mixed.example (127.0.0.1) is not a public address');
});

test('the address that is checked is the one that is connected to, whatever an earlier answer was', async () => {
  answers = 0;
  resolve('rebinding.example', {}, () => {});
  const { delivery, attempt } = await attemptTo(`http://rebinding.example:${port}/`, { resolve });
  expect(delivery.status).toBe('FAILED');
  expect(attempt.error).toContain('rebinding.example (127.0.0.1)');
  expect(sink.received).toHaveLength(0);
});

test('a scheme other than http and https is refused', async () => {
  const { delivery, attempt } = await attemptTo('file:///etc/passwd');
  expect(delivery.status).toBe('FAILED');
  expect(attempt.error).toBe('Only http and https URLs are called');
});

test('a receiver whose certificate nobody vouches for gets nothing, and is tried again later', async () => {
  const now = new Date();
  const authority = await createAuthority(['localhost'], now);
  const certified = await issueCertificate(authority, ['localhost'], now);
  let requests = 0;
  const server = createServer(certified, (_request, response) => {
    requests += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { delivery, attempt } = await attemptTo(
    `https://localhost:${(server.address() as AddressInfo).port}/`,
    { allowPrivate: true },
  );
  server.close();
  expect(delivery.status).toBe('PENDING');
  expect(attempt.error).toMatch(/certificate/i);
  expect(requests).toBe(0);
});

test('private addresses are called when the setting allows it', async () => {
  const webhookId = await bench.register(`http://localhost:${port}/hook`);
  await bench.queue(meetingStarted(bench.session()));
  bench.startWebhooks({ allowPrivate: true });
  await bench.settled((row) => row.webhook_id !== webhookId || row.status === 'DELIVERED');
  expect(sink.received).toHaveLength(1);
});
