import { setTimeout as sleep } from 'node:timers/promises';
import { loadSettings } from '../config/load.js';
import { createLogger } from '../log/logger.js';
import { startServer } from '../server.js';

/** After this time a part that does not close is left behind; supervisors kill after ten seconds. */
const CLOSE_LIMIT_MS = 9_500;
/** A start that is to stop ends after this time, although it waits: for a database that does not answer, for instance. */
const START_LIMIT_MS = 3_000;
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** `parley start`: runs until a signal comes or the server cannot go on. Answers 0 after a drain. */
export async function start(args: string[]): Promise<number> {
  const settings = loadSettings(process.env, args);
  const log = createLogger(settings.logLevel);
  const asked = new Promise<string>((resolve) => {
    for (const signal of STOP_SIGNALS) process.once(signal, () => resolve(signal));
  });
  // A defect in one request must not end everybody's meeting; what is left inconsistent is one promise's work.
  process.on('unhandledRejection', (error) =>
    log.error({ err: error }, 'A promise failed and nobody looked'),
  );

  const starting = startServer(settings, { log });
  void asked.then(async () => {
    const limit = sleep(START_LIMIT_MS, 'hangs' as const, { ref: false });
    const state = await Promise.race([starting.catch(() => 'failed'), limit]);
    if (state === 'hangs') process.exit(0);
  });
  const server = await starting;
  process.stdout.write(`${server.greeting}\n`);
  const reason = await Promise.race([asked, server.failed]);

  for (const signal of STOP_SIGNALS) process.once(signal, () => process.exit(130));
  log.info({ reason: String(reason) }, 'Stopping');
  setTimeout(() => {
    log.error('Some parts did not close in time and are left behind');
    process.exit(reason instanceof Error ? 1 : 0);
  }, CLOSE_LIMIT_MS).unref();
  await server.close();
  if (reason instanceof Error) throw reason;
  return 0;
}
