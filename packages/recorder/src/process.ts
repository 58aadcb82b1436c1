import type { FinishOrder, RecorderCommand, RecorderEvent, RecorderOrder } from './contract.js';
import { Failure } from './failure.js';
import { makeFiles } from './files/make-files.js';
import { Recording } from './recording.js';
import { findTools, type Tools } from './tools.js';

/** The recorder process: one order over the IPC channel, events back, and its own end after the last of them. */
async function serve(order: RecorderOrder): Promise<void> {
  const { PARLEY_CHROMIUM: chromium, PARLEY_FFMPEG: ffmpeg } = process.env;
  const tools = await findTools({ chromium, ffmpeg });
  if (typeof tools === 'string') return send({ kind: 'failed', code: 'not_installed', reason: tools });
  if (order.kind === 'finish') return finish(order, tools);
  const recording = new Recording(order, tools, send);
  process.on('message', (command: RecorderCommand) => recording.command(command));
  process.once('disconnect', () => recording.abandon());
  if (!process.connected) recording.abandon();
  await recording.run();
}

async function finish(order: FinishOrder, tools: Tools): Promise<void> {
  try {
    const files = await makeFiles({ ...order, tools });
    send({ kind: 'finished', files, durationMs: files[0]?.durationMs ?? 0 });
  } catch (error) {
    const { code, message } = Failure.of(error);
    send({ kind: 'failed', code, reason: message });
  }
}

let sent: Promise<void> = Promise.resolve();

function send(event: RecorderEvent): void {
  if (!process.connected) return;
  const delivered = new Promise<void>((done) => process.send!(event, () => done()));
  sent = Promise.all([sent, delivered]).then(() => {});
}

process.once('message', async (order: RecorderOrder) => {
  await serve(order);
  await sent;
  process.exit(0);
});
