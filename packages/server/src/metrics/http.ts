import { Histogram, type Registry } from 'prom-client';

export interface HttpMetrics {
  /** Starts the clock of a request; the answer stops it, given the status, and tells the seconds. */
  start(surface: string): (status: number) => number;
}

/** From a cached answer to a request that waited for the database to come back. */
const BUCKETS_S = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/** Labels come from small fixed sets; a path would let clients make series without end. */
export function createHttpMetrics(registry: Registry): HttpMetrics {
  const durations = new Histogram({
    name: 'parley_http_request_duration_seconds',
    help: 'Time from the end of the headers to the answer.',
    labelNames: ['surface', 'status'],
    buckets: BUCKETS_S,
    registers: [registry],
  });
  return {
    start(surface) {
      const started = performance.now();
      return (status) => {
        const seconds = (performance.now() - started) / 1000;
        durations.observe({ surface, status: `${Math.floor(status / 100)}xx` }, seconds);
        return seconds;
      };
    },
  };
}
