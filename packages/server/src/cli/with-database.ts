import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { connect, DatabaseUnusable } from '../database/connect.js';
import { EmbeddedPostgres, runningEmbeddedUrl } from '../database/embedded/postgres.js';
import { migrate } from '../database/migrate.js';
import { OwnerLock } from '../database/owner-lock.js';
import type { Database } from '../database/tables.js';
import { createLogger } from '../log/logger.js';

const CONNECTIONS = 2;

/**
 * Runs a command's work on the database: the one of the settings, the embedded one of a running server, or else an
 * embedded one that is started for this command. The last is owned meanwhile, so that a server that starts at the
 * same moment is refused instead of taking it away.
 */
export async function withDatabase<T>(
  settings: Settings,
  work: (db: Kysely<Database>) => Promise<T>,
): Promise<T> {
  const log = createLogger('warn');
  const dir = join(settings.dataDir, 'postgres');
  const url = settings.databaseUrl ?? (await runningEmbeddedUrl(dir));
  if (url !== null) return using(url, settings, log, work);

  const postgres = await EmbeddedPostgres.start({ dir, log });
  try {
    const lock = await OwnerLock.take(postgres.url, (error) => log.error(error));
    try {
      return await using(postgres.url, settings, log, work);
    } finally {
      await lock.release();
    }
  } finally {
    await postgres.stop();
  }
}

async function using<T>(
  url: string,
  { databaseUrl }: Settings,
  log: Logger,
  work: (db: Kysely<Database>) => Promise<T>,
): Promise<T> {
  const db = connect({ url, maxConnections: CONNECTIONS, log });
  try {
    await migrate(db).catch((error: unknown) => {
      throw databaseUrl ? new DatabaseUnusable(error) : error;
    });
    return await work(db);
  } finally {
    await db.destroy();
  }
}
