import { collectDefaultMetrics, Registry } from 'prom-client';

/** One registry per server, not the library's global one, so that tests may run several in one process. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
