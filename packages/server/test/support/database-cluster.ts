import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { TestProject } from 'vitest/node';
import { connect } from '../../src/database/connect.js';
import { EmbeddedPostgres } from '../../src/database/embedded/postgres.js';
import { migrate } from '../../src/database/migrate.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the run's Postgres; its database is the migrated template of `startDatabase()`. */
    databaseTemplateUrl: string;
  }
}

/** Vitest's global set-up: one Postgres for the whole run, with one migrated database to copy from. */
export default async function startCluster(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), 'parley-test-'));
  const postgres = await EmbeddedPostgres.start({ dir, log: pino({ level: 'silent' }), durable: false });
  const db = connect({ url: postgres.url, maxConnections: 1 });
  await migrate(db);
  // Postgres copies only a database that nobody is connected to.
  await db.destroy();
  project.provide('databaseTemplateUrl', postgres.url);
  return async () => {
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
