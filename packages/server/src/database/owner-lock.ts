import pg from 'pg';
import { CONNECTION_WAIT_MS } from './connect.js';

/** Any number will do, as long as no other user of the database takes it; the letters of "parley" in ASCII. */
const OWNER_KEY = 0x7061726c6579n;

/** Thrown when another server holds the database; its message is fit to be printed as the only line. */
export class DatabaseInUse extends Error {
  constructor(where: string) {
    super(`Another Parley server is running on ${where}; stop it first`);
    this.name = 'DatabaseInUse';
  }
}

const RETAKE_MS = 500;

/**
 * Says that this process alone runs sessions on the database. Held by a connection of its own, so Postgres gives it
 * back at once when the process dies in whatever way. A connection that breaks is made again.
 */
export class OwnerLock {
  #closed = false;
  #retake: NodeJS.Timeout | null = null;

  private constructor(
    private readonly url: string,
    private readonly onLost: (error: Error) => void,
    private client: pg.Client,
  ) {
    this.#watch();
  }

  /**
   * Throws DatabaseInUse when another process holds it. `onLost` is called when another process took it while the
   * connection was broken: this server must stop.
   */
  static async take(url: string, onLost: (error: Error) => void): Promise<OwnerLock> {
    return new OwnerLock(url, onLost, await lock(url));
  }

  async release(): Promise<void> {
    this.#closed = true;
    if (this.#retake) clearTimeout(this.#retake);
    await this.client.end();
  }

  #watch(): void {
    this.client.on('error', () => undefined);
    this.client.once('end', () => this.#takeAgain());
  }

  #takeAgain(): void {
    if (this.#closed) return;
    this.#retake = setTimeout(async () => {
      try {
        const client = await lock(this.url);
        if (this.#closed) return void client.end();
        this.client = client;
        this.#watch();
      } catch (error) {
        if (error instanceof DatabaseInUse) this.onLost(error);
        else this.#takeAgain();
      }
    }, RETAKE_MS);
  }
}

async function lock(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    // A server that takes connections and says nothing must keep neither a start nor a second try waiting.
    connectionTimeoutMillis: CONNECTION_WAIT_MS,
    application_name: 'parley-owner',
    keepAlive: true,
  });
  client.on('error', () => undefined);
  await client.connect();
  const answer = await client.query('select pg_try_advisory_lock($1) as taken', [OWNER_KEY.toString()]);
  if (answer.rows[0].taken) return client;
  await client.end();
  throw new DatabaseInUse(`the database ${withoutPassword(url)}`);
}

/** Whether any process holds the lock in the database that the client is connected to. */
export async function isOwned(client: pg.ClientBase): Promise<boolean> {
  const answer = await client.query(
    `select 1 from pg_locks
      where locktype = 'advisory' and granted and objsubid = 1
        and (classid::bigint << 32 | objid::bigint) = $1
        and database = (select oid from pg_database where datname = current_database())`,
    [OWNER_KEY.toString()],
  );
  return answer.rows.length > 0;
}

function withoutPassword(url: string): string {
  const { host, pathname } = new URL(url);
  return `${pathname.slice(1)} at ${host}`;
}
