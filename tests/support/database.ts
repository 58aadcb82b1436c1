import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the run's Postgres, with one migrated database to copy from; made by the global set-up. */
    databaseTemplateUrl: string;
  }
}

/** A database of one's own in the Postgres of the test run, for a server that a test looks behind. */
export interface OwnDatabase {
  /** For `DATABASE_URL`. */
  url: string;
  /** Rows of a statement; on a connection of its own, so that it works whatever the server does. */
  rows<Row extends object>(statement: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export async function createDatabase(): Promise<OwnDatabase> {
  const template = new URL(inject('databaseTemplateUrl'));
  const maintenance = Object.assign(new URL(template), { pathname: 'postgres' }).href;
  const name = `test_${randomBytes(8).toString('hex')}`;
  await query(maintenance, `create database ${name} template ${template.pathname.slice(1)}`);
  const url = Object.assign(new URL(template), { pathname: name }).href;
  return {
    url,
    rows: (statement, values) => query(url, statement, values),
    drop: async () => void (await query(maintenance, `drop database ${name} with (force)`)),
  };
}

async function query<Row extends object>(url: string, statement: string, values?: unknown[]): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(statement, values)).rows;
  } finally {
    await client.end();
  }
}
