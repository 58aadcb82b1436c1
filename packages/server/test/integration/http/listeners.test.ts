import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Hono } from 'hono';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingsWith } from '../../../src/config/load.js';
import type { Settings } from '../../../src/config/settings.js';
import { createDispatcher } from '../../../src/http/dispatcher.js';
import { type Listeners, openListeners, type SocketEdge } from '../../../src/http/listeners.js';
import { createHttpMetrics } from '../../../src/metrics/http.js';
import { createAuthority, issueCertificate } from '../../../src/tls/certificates.js';
import { freePort } from '../../support/free-port.js';

let listeners: Listeners | undefined;
let registry: Registry;
let settings: Settings;
let upgrades: string[];
let sockets: Socket[];

/** Answers an upgrade with a line of its own instead of a WebSocket. */
const edge: SocketEdge = {
  handleUpgrade: (request, socket) => {
    upgrades.push(request.headers.host ?? '');
    socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
  },
  drain: async () => undefined,
};

beforeEach(() => {
  upgrades = [];
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await listeners?.close(0);
  listeners = undefined;
});

async function open(changes: Partial<Settings> = {}): Promise<void> {
  registry = new Registry();
  settings = settingsWith({ httpPort: await freePort(), httpsPort: await freePort(), ...changes });
  const surface = new Hono();
  surface.onError((_error, c) => c.text('', 500));
  surface.get('/healthz', (c) => c.text('fine'));
  surface.post('/client/v4/x', async (c) => c.text(await c.req.text()));
  surface.get('/meet', () => new Promise<Response>(() => undefined));
  const surfaces = {
    operations: surface,
    clientApi: surface,
    managementApi: surface,
    telemetry: surface,
    pages: surface,
  };
  const fetch = createDispatcher({
    surfaces,
    baseDomain: settings.baseDomain,
    metrics: createHttpMetrics(registry),
    log: pino({ level: 'silent' }),
  });
  const authority = await createAuthority(['localhost'], new Date());
  const tls = await issueCertificate(authority, ['localhost'], new Date());
  listeners = await openListeners({ settings, fetch, edge, tls });
}

/** Sends bytes as they are and reads until the server hangs up. */
async function exchange(bytes: string): Promise<string> {
  const socket = connect(settings.httpPort, '127.0.0.1');
  sockets.push(socket);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => undefined);
  socket.write(bytes);
  // A server that hangs up hard makes an error first.
  await new Promise((resolve) => socket.on('close', resolve));
  return answer;
}

const requestLine = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';

describe('the listeners', () => {
  it('hand upgrades of /ws to the edge and refuse all others', async () => {
    await open();
    expect(await exchange(requestLine('/ws?auth=x', UPGRADE))).toMatch(/^HTTP\/1\.1 101 /);
    expect(await exchange(requestLine('/wss', UPGRADE))).toMatch(/^HTTP\/1\.1 404 /);
    const asTelemetry = requestLine('/ws', UPGRADE).replace('localhost', 'da-collector.localhost');
    expect(await exchange(asTelemetry)).toMatch(/^HTTP\/1\.1 404 /);
    expect(upgrades).toEqual(['localhost']);
  });

  it('hang up on a client that sends its headers too slowly', async () => {
    await open({ headersTimeoutMs: 1000 });
    expect(await exchange('GET /healthz HTTP/1.1\r\nHost: loc')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('hang up on a client that sends its body too slowly', async () => {
    await open({ headersTimeoutMs: 1000, requestTimeoutMs: 1000 });
    const slow = `POST /client/v4/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{`;
    expect(await exchange(slow)).not.toMatch(/^HTTP\/1\.1 2/);
    expect((await fetch(`http://127.0.0.1:${settings.httpPort}/healthz`)).status).toBe(200);
  });

  it('refuse headers above the bound', async () => {
    await open({ maxHeaderBytes: 4096 });
    const answer = await exchange(requestLine('/healthz', `X-Long: ${'x'.repeat(5000)}\r\n`));
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('close connections above the bound at once', async () => {
    await open({ maxConnections: 10 });
    const held = Array.from({ length: 10 }, () => connect(settings.httpPort, '127.0.0.1'));
    sockets.push(...held);
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    expect(await exchange(requestLine('/healthz'))).toBe('');
  });

  it.each([
    ['zeros', '\0\0\0\0'],
    ['half a request line', 'GET\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/9.9\r\n\r\n'],
    ['a line without an end', 'A'.repeat(70_000)],
  ])('survive %s', async (_name, bytes) => {
    await open();
    await exchange(bytes);
    expect((await fetch(`http://127.0.0.1:${settings.httpPort}/healthz`)).status).toBe(200);
  });

  it('answer HTTP/1.0 without a host, as health checks speak it', async () => {
    await open();
    expect(await exchange('GET /healthz HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 .*fine$/s);
  });

  it('take the whole address in the place of the path, as proxies send it', async () => {
    await open();
    const answer = await exchange(requestLine('http://localhost/healthz?x=1', 'Connection: close\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*fine$/s);
  });

  it('answer 404 in the common form where nothing is served, and count requests by surface', async () => {
    await open();
    const answer = await fetch(`http://127.0.0.1:${settings.httpPort}/nothing?token=secret`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      success: false,
      error: { code: 404, message: 'Nothing is served at this path' },
    });
    expect(await registry.metrics()).toContain(
      'parley_http_request_duration_seconds_count{surface="none",status="4xx"} 1',
    );
  });

  it('cut off requests that do not end in time when they close', async () => {
    await open();
    const hanging = exchange(requestLine('/meet'));
    await expect
      .poll(() => fetch(`http://127.0.0.1:${settings.httpPort}/healthz`).then((r) => r.status))
      .toBe(200);
    const started = performance.now();
    await listeners?.close(200);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(await hanging).toBe('');
    expect(listeners?.isListening()).toBe(false);
  });

  it('say in one line which port is taken', async () => {
    await open();
    const { httpPort } = settings;
    const first = listeners;
    await expect(open({ httpPort })).rejects.toThrow(
      `PARLEY_HTTP_PORT: port ${httpPort} of 127.0.0.1 is in use by another program`,
    );
    await first?.close(0);
  });
});
