import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Database } from './tables.js';

export interface ConnectOptions {
  /** `postgres://user:password@host:port/database` */
  url: string;
  /** Upper bound of open connections; further queries wait for a free one. */
  maxConnections: number;
  log?: Logger;
}

/** The database of the settings cannot be used at all; its message is fit to be printed as the only line. */
export class DatabaseUnusable extends Error {
  constructor(cause: unknown) {
    // A name with several addresses fails with one error for each, and with no sentence for all of them.
    const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
    super(
      `DATABASE_URL: the database cannot be used: ${first instanceof Error ? first.message : String(first)}`,
    );
    this.name = 'DatabaseUnusable';
  }
}

/** How long a query waits for a free connection before it fails; longer than a short pause of the database. */
export const CONNECTION_WAIT_MS = 10_000;

/** Opens the pool. No connection is made before the first query; `destroy()` of the answer closes all. */
export function connect({ url, maxConnections, log }: ConnectOptions): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    keepAlive: true,
    application_name: 'parley',
  });
  // A connection that dies is replaced by the pool; without listeners it would end the process, whether it lies
  // idle or is in use. Of the latter the query under way fails, and whoever made it is told. Once the pool is being
  // closed, it is no news that the database closes its end first.
  pool.on('error', (error) => {
    if (!pool.ending) log?.warn({ error: error.message }, 'An idle database connection was lost');
  });
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}
