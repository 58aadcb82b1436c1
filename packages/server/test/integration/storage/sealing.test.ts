import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageConfig } from '../../../src/storage/config.js';
import { sealStoredMeetings } from '../../../src/storage/seal-stored.js';
import { openSecretBox, SecretBox } from '../../../src/storage/sealing.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

const STORAGE: StorageConfig = {
  type: 'aws',
  access_key: 'AKIA',
  secret: 's3cret',
  region: 'eu-central-1',
  bucket: 'recordings',
};

describe('the key of the secrets', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-key-'));
  });
  afterAll(() => rm(dataDir, { recursive: true }));

  it('is made once, for the account of the server alone, and found again', async () => {
    const [one, other] = await Promise.all([
      openSecretBox({ dataDir, storageKey: null }),
      openSecretBox({ dataDir, storageKey: null }),
    ]);
    const later = await openSecretBox({ dataDir, storageKey: null });
    for (const box of [other, later]) expect(box.openStorage(one.sealStorage(STORAGE))).toEqual(STORAGE);
    expect((await stat(join(dataDir, 'storage.key'))).mode & 0o777).toBe(0o600);
  });

  it('may be given by a setting instead', async () => {
    const storageKey = randomBytes(32).toString('hex');
    const sealed = (await openSecretBox({ dataDir, storageKey })).sealStorage(STORAGE);
    expect((await openSecretBox({ dataDir: '/nowhere', storageKey })).openStorage(sealed)).toEqual(STORAGE);
    const ofFolder = await openSecretBox({ dataDir, storageKey: null });
    expect(() => ofFolder.openStorage(sealed)).toThrow('another key');
  });

  it('that is no key stops the start', async () => {
    await writeFile(join(dataDir, 'storage.key'), 'half a ke');
    await expect(openSecretBox({ dataDir, storageKey: null })).rejects.toThrow('does not hold a key');
  });
});

describe('meetings of an earlier version', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await startDatabase();
  });
  afterAll(() => database.close());

  it('get their secrets sealed at the start, once', async () => {
    const { db } = database;
    const secrets = new SecretBox(randomBytes(32));
    await sql`
      insert into accounts (id, name) values ('a', 'A');
    `.execute(db);
    await sql`
      insert into apps (id, account_id, name, created_at)
      values ('00000000-0000-7000-8000-000000000001', 'a', 'A', now());
    `.execute(db);
    const configs = [{ max_seconds: 60, storage_config: STORAGE }, { storage_config: null }, null];
    for (const config of configs) {
      await sql`
        insert into meetings (id, app_id, status, record_on_start, live_stream_on_start, persist_chat,
          summarize_on_end, transcribe_on_end, session_keep_alive_time_in_secs, recording_config, created_at, updated_at)
        values (gen_random_uuid(), '00000000-0000-7000-8000-000000000001', 'ACTIVE', false, false, false, false,
          false, 60, ${config && JSON.stringify(config)}::jsonb, now(), now());
      `.execute(db);
    }
    await sealStoredMeetings(db, secrets);
    const read = async () =>
      (await db.selectFrom('meetings').select('recording_config').orderBy('id').execute()).map(
        (row) => row.recording_config as { storage_config?: Parameters<SecretBox['openStorage']>[0] } | null,
      );
    const once = await read();
    expect(JSON.stringify(once)).not.toMatch(/AKIA|s3cret/);
    const sealed = once.find((config) => config?.storage_config);
    expect(sealed).toMatchObject({ max_seconds: 60 });
    expect(secrets.openStorage(sealed!.storage_config!)).toEqual(STORAGE);
    await sealStoredMeetings(db, secrets);
    expect(await read()).toEqual(once);
  });
});
