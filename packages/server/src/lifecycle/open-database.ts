import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { connect, DatabaseUnusable } from '../database/connect.js';
import { EmbeddedPostgres } from '../database/embedded/postgres.js';
import { migrate } from '../database/migrate.js';
import { DatabaseInUse, OwnerLock } from '../database/owner-lock.js';
import type { Database } from '../database/tables.js';
import type { CloseStack } from './close-stack.js';

/** The migrated database, owned by this server alone; `fail` is called when it is lost for good. */
export async function openDatabase(
  settings: Settings,
  log: Logger,
  stack: CloseStack,
  fail: (error: Error) => void,
): Promise<Kysely<Database>> {
  const url = settings.databaseUrl ?? (await startEmbedded(settings, log, stack, fail));
  const lock = await OwnerLock.take(url, fail).catch((error: unknown) => {
    throw settings.databaseUrl && !(error instanceof DatabaseInUse) ? new DatabaseUnusable(error) : error;
  });
  stack.push('owner lock', () => lock.release());
  const db = connect({ url, maxConnections: settings.databaseConnections, log });
  stack.push('database connections', () => db.destroy());
  await migrate(db);
  return db;
}

async function startEmbedded(
  settings: Settings,
  log: Logger,
  stack: CloseStack,
  fail: (error: Error) => void,
): Promise<string> {
  const postgres = await EmbeddedPostgres.start({ dir: join(settings.dataDir, 'postgres'), log });
  stack.push('embedded Postgres', () => postgres.stop());
  void postgres.exited.then((lastLines) => fail(new Error(`The embedded Postgres ended:\n${lastLines}`)));
  return postgres.url;
}
