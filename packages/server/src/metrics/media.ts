import { Gauge, type Registry } from 'prom-client';
import type { MediaPool, WorkerGauges } from '../media/media-pool.js';

const GAUGES: { name: string; help: string; value: (worker: WorkerGauges) => number }[] = [
  { name: 'ready', help: '1 while the worker listens.', value: (worker) => Number(worker.ready) },
  { name: 'rooms', help: 'Live sessions on the worker.', value: (worker) => worker.rooms },
  { name: 'transports', help: 'Open transports.', value: (worker) => worker.transports },
  { name: 'producers', help: 'Open producers.', value: (worker) => worker.producers },
  { name: 'consumers', help: 'Open consumers.', value: (worker) => worker.consumers },
  { name: 'resident_bytes', help: 'Memory of the process.', value: (worker) => worker.residentBytes },
  { name: 'restarts', help: 'How often the process was replaced.', value: (worker) => worker.restarts },
];

/** Gauges by worker, read from the pool when `/metrics` is asked. */
export function registerMediaMetrics(registry: Registry, pool: Pick<MediaPool, 'gauges'>): void {
  for (const { name, help, value } of GAUGES) {
    new Gauge({
      name: `parley_media_worker_${name}`,
      help,
      labelNames: ['worker'],
      registers: [registry],
      collect() {
        this.reset();
        for (const worker of pool.gauges()) this.set({ worker: worker.worker }, value(worker));
      },
    });
  }
}
