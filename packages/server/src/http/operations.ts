import type { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { readOnlySurface } from './read-only.js';
import type { Readiness } from './readiness.js';

export interface OperationsOptions {
  readiness: Readiness;
  registry: Registry;
  /** SPKI in PEM. */
  webhookPublicKey: () => Promise<string>;
  log: Logger;
}

/** What operators and load balancers ask, and the key that webhook receivers verify with. */
export function operations({ readiness, registry, webhookPublicKey, log }: OperationsOptions): Hono {
  const app = readOnlySurface(log);

  /** The process runs and its event loop turns; says nothing of the database. */
  app.get('/healthz', (c) => c.json({ status: 'ok' }));

  /** 200 only when every part is ready; else 503 with the parts that are not. */
  app.get('/readyz', async (c) => {
    const { ready, parts } = await readiness.check();
    return c.json({ status: ready ? 'ready' : 'not ready', parts }, ready ? 200 : 503);
  });

  app.get('/metrics', async (c) => {
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType });
  });

  /** The form and path of RealtimeKit's own (features.md WB09). */
  app.get('/.well-known/webhooks.json', async (c) => {
    return c.json({ success: true, data: { publicKey: await webhookPublicKey() }, message: '' });
  });

  return app;
}
