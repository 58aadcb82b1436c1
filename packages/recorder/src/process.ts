import { join } from 'node:path';
import { RecorderBrowser } from './browser/recorder-browser.js';
import type {
  FinishOrder,
  RecorderCommand,
  RecorderEvent,
  RecorderOrder,
  RecordOrder,
  StandbyOrder,
} from './contract.js';
import { Failure } from './failure.js';
import { makeFiles } from './files/make-files.js';
import { Inbox } from './inbox.js';
import { Recording } from './recording.js';
import { findTools, type Tools } from './tools.js';

/** The contract's; a recorder that hangs is silent. */
const ALIVE_EVERY_MS = 5_000;

const inbox = new Inbox();

/** The recorder process: orders over the IPC channel, events back, and its own end after the last of them. */
async function serve(order: RecorderOrder): Promise<void> {
  const { PARLEY_CHROMIUM: chromium, PARLEY_FFMPEG: ffmpeg } = process.env;
  const tools = await findTools({ chromium, ffmpeg });
  if (typeof tools === 'string') return send({ kind: 'failed', code: 'not_installed', reason: tools });
  switch (order.kind) {
    case 'finish':
      return finish(order, tools);
    case 'record':
      return record(order, tools);
    case 'standby':
      return standBy(order, tools);
  }
}

async function record(order: RecordOrder, tools: Tools, ready: RecorderBrowser | null = null): Promise<void> {
  const recording = new Recording(order, tools, send, ready);
  inbox.listen((command) => recording.command(command as RecorderCommand));
  process.once('disconnect', () => recording.abandon());
  if (!process.connected) recording.abandon();
  const life = setInterval(() => send({ kind: 'alive', atMs: Date.now() }), ALIVE_EVERY_MS);
  await recording.run();
  clearInterval(life);
}

/**
 * The order may come before the browser is ready. A browser that does not start until then, or that is gone before there
 * is something to record, ends the process.
 */
async function standBy(order: StandbyOrder, tools: Tools): Promise<void> {
  const next = nextOrder();
  let isOver = false;
  void next.then(() => {
    isOver = true;
  });
  const browser = await RecorderBrowser.open({
    tools,
    profileFolder: join(order.folder, 'chromium'),
    trustedOrigins: order.trustedOrigins,
    trustedKeys: order.trustedKeys ?? [],
  }).catch((error: unknown) => {
    // A recording that is wanted by now tries for itself, and says what is wrong.
    if (isOver) return null;
    throw error;
  });
  if (!isOver) await browser?.load(order.pageUrl);
  if (!isOver) send({ kind: 'ready' });
  const recordOrder = await Promise.race(browser ? [next, browser.died] : [next]);
  if (recordOrder) await record(recordOrder, tools, browser);
  else await browser?.close();
}

/** Null where there will be none. */
function nextOrder(): Promise<RecordOrder | null> {
  return new Promise((resolve) => {
    void inbox.next().then((order) => resolve(order as RecordOrder));
    process.once('disconnect', () => resolve(null));
    if (!process.connected) resolve(null);
  });
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

await serve((await inbox.next()) as RecorderOrder);
await sent;
process.exit(0);
