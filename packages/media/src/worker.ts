/**
 * Entry point of a media worker. Its only argument is the JSON of WorkerSettings; it speaks rpc.ts over the IPC
 * channel and ends with it, so that a server that died leaves no worker behind.
 */
import { Socket } from 'node:net';
import { loadEngine } from './engine/medooze.js';
import { MediaFailure } from './errors.js';
import { TAPS_CLOSE_LIMIT_MS } from './limits.js';
import { MediaWorker } from './media-worker.js';
import type { FromWorker, ToWorker, WorkerSettings } from './rpc.js';

process.once('uncaughtException', (error) => {
  console.error(error);
  process.exit(1);
});

// Ctrl-C reaches every process of the terminal; the server ends this one when everybody has been told.
process.on('SIGINT', () => undefined);

// The native code prints from its media thread. A pipe that does not block loses lines when the server is slow to
// read; one that blocks would stop the media of every room.
new Socket({ fd: 1, readable: false }).unref();

type Handler = MediaWorker[ToWorker['name']];

const settings = JSON.parse(process.argv[2] ?? '') as WorkerSettings;
const worker = new MediaWorker(loadEngine(settings.port), settings.announcedIps, (event) => send({ event }));

// Without its server a worker completes the files of its taps and ends.
process.once('disconnect', () => {
  setTimeout(() => process.exit(1), TAPS_CLOSE_LIMIT_MS).unref();
  void worker.close().then(() => process.exit(0));
});
process.on('message', (request: ToWorker) => void answer(request));
send({ event: { type: 'ready', port: worker.port } });

async function answer(request: ToWorker): Promise<void> {
  try {
    // The union of requests cannot be followed through the index; rpc.ts ties each name to its arguments.
    const handle = worker[request.name].bind(worker) as (args: unknown) => ReturnType<Handler>;
    const result = handle(request.args);
    // Only what waits for the media thread is a promise, so requests that follow each other are answered in order.
    send({ id: request.id, ok: true, answer: result instanceof Promise ? await result : result });
  } catch (error) {
    const code = error instanceof MediaFailure ? error.code : 'internal';
    if (code === 'internal') console.error(error);
    send({ id: request?.id, ok: false, code, error: error instanceof Error ? error.message : String(error) });
  }
}

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}
