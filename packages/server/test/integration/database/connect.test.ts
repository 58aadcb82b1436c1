import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMigrated, migrate } from '../../../src/database/migrate.js';
import { DatabaseInUse, isOwned, OwnerLock } from '../../../src/database/owner-lock.js';
import { isDatabaseOutage } from '../../../src/http/outages.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

const ignore = () => undefined;
let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());

describe('the migrated database', () => {
  it('has every migration, and migrating again changes nothing', async () => {
    expect(await isMigrated(database.db)).toBe(true);
    await Promise.all([migrate(database.db), migrate(database.db)]);
    expect(await isMigrated(database.db)).toBe(true);
  });

  it('is a fresh one for each test file', async () => {
    const other = await startDatabase();
    await other.db.insertInto('accounts').values({ id: 'a', name: 'A' }).execute();
    expect(await database.db.selectFrom('accounts').selectAll().execute()).toEqual([]);
    await other.close();
  });
});

describe('a connection that dies in use', () => {
  it('fails what it was used for as an outage, and is replaced', async () => {
    const failure = await database.db
      .transaction()
      .execute(async (trx) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
        await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(database.db);
        await expect
          .poll(async () => {
            const alive = await sql`select 1 from pg_stat_activity where pid = ${rows[0]!.pid}`.execute(
              database.db,
            );
            return alive.rows.length;
          })
          .toBe(0);
        await sql`select 1`.execute(trx);
      })
      .catch((error: unknown) => error);
    expect(isDatabaseOutage(failure)).toBe(true);
    expect((await sql`select 1 as one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
  });
});

describe('the owner lock', () => {
  it('refuses a second owner in one line without the password, until the first lets go', async () => {
    const first = await OwnerLock.take(database.url, ignore);
    const refusal = await OwnerLock.take(database.url, ignore).catch((error) => error);
    expect(refusal).toBeInstanceOf(DatabaseInUse);
    expect(refusal.message).toMatch(
      /^Another Parley server is running on the database test_\w+ at 127\.0\.0\.1:\d+; stop it first$/,
    );
    await first.release();
    await (await OwnerLock.take(database.url, ignore)).release();
  });

  it('is taken again after the connection was cut', async () => {
    const lost: Error[] = [];
    const lock = await OwnerLock.take(database.url, (error) => lost.push(error));
    await cutOwner();
    await expect.poll(isOwnedNow, { timeout: 5000 }).toBe(true);
    expect(lost).toEqual([]);
    await lock.release();
    expect(await isOwnedNow()).toBe(false);
  });

  it('is lost when another server took it while the connection was cut', async () => {
    let lose: (error: Error) => void = ignore;
    const lost = new Promise<Error>((resolve) => {
      lose = resolve;
    });
    await OwnerLock.take(database.url, lose);
    // The first may be back before the second comes; then it is cut off once more.
    let other: OwnerLock | undefined;
    while (!other) {
      await cutOwner();
      other = await OwnerLock.take(database.url, ignore).catch(() => undefined);
    }
    expect(await lost).toBeInstanceOf(DatabaseInUse);
    await other.release();
  });
});

async function isOwnedNow(): Promise<boolean> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await isOwned(client);
  } finally {
    await client.end();
  }
}

const cutOwner = () =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'parley-owner' and datname = current_database()`.execute(database.db);
