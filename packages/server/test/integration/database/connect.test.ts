import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMigrated, migrate } from '../../../src/database/migrate.js';
import { DatabaseInUse, OwnerLock } from '../../../src/database/owner-lock.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

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

describe('the owner lock', () => {
  it('refuses a second owner in one line without the password, until the first lets go', async () => {
    const ignore = () => undefined;
    const first = await OwnerLock.take(database.url, ignore);
    const refusal = await OwnerLock.take(database.url, ignore).catch((error) => error);
    expect(refusal).toBeInstanceOf(DatabaseInUse);
    expect(refusal.message).toMatch(
      /^Another Parley server is running on the database test_\w+ at 127\.0\.0\.1:\d+; stop it first$/,
    );
    await first.release();
    await (await OwnerLock.take(database.url, ignore)).release();
  });

  it('tells its owner when the connection is cut', async () => {
    const lost = new Promise<Error>((resolve) => {
      OwnerLock.take(database.url, resolve).then(cutOwner);
    });
    expect((await lost).message).toMatch(/terminat/);
  });
});

const cutOwner = () =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'parley-owner' and datname = current_database()`.execute(database.db);
