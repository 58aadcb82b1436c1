import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { inject } from 'vitest';
import { connect } from '../../src/database/connect.js';
import type { Database } from '../../src/database/tables.js';
import './database-cluster.js';

export interface TestDatabase {
  db: Kysely<Database>;
  /** For a server under test: `databaseUrl` of its settings. */
  url: string;
  /** Closes the pool and drops the database. Idempotent. */
  close(): Promise<void>;
}

const CONNECTIONS = 5;

/** A fresh, migrated, empty database. Call it in `beforeAll` and `close()` in `afterAll`. */
export async function startDatabase(): Promise<TestDatabase> {
  const templateUrl = new URL(inject('databaseTemplateUrl'));
  const name = `test_${randomBytes(8).toString('hex')}`;
  await maintain(templateUrl, `create database ${name} template ${templateUrl.pathname.slice(1)}`);
  const url = Object.assign(new URL(templateUrl), { pathname: name }).href;
  const db = connect({ url, maxConnections: CONNECTIONS });
  let closing: Promise<void> | null = null;
  return {
    db,
    url,
    close: () => {
      closing ??= db.destroy().then(() => maintain(templateUrl, `drop database ${name} with (force)`));
      return closing;
    },
  };
}

/** Creating and dropping happens from a third database: neither end of a copy may have connections. */
async function maintain(templateUrl: URL, statement: string): Promise<void> {
  const url = Object.assign(new URL(templateUrl), { pathname: 'postgres' }).href;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
