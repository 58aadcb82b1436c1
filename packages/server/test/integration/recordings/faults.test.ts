import { fileURLToPath } from 'node:url';
import { HeadlessPeer } from '@parley/headless';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RECORDER_LIMITS } from '../../../src/recorders/limits.js';
import { type LiveServer, startLiveServer } from '../../support/live-server.js';
import { type S3Server, s3ServerIsInstalled, startS3Server } from '../../support/storage/s3-server.js';

const FAKE_RECORDER = fileURLToPath(
  new URL('../../../../../tests/support/fake-recorder.mjs', import.meta.url),
);
const FILE_BYTES = 4096;
const DAY_MS = 86_400_000;
const RETENTION_DAYS = 2;

let server: LiveServer;
let setForwardMs = 0;
// Starting a process takes its time on a busy machine; only the test of a start that hangs cuts it short.
const limits = { ...RECORDER_LIMITS, stopMs: 3_000, silenceMs: 300, diskRetryMs: 10 };
const peers: HeadlessPeer[] = [];
beforeAll(async () => {
  const clock = { now: () => new Date(Date.now() + setForwardMs) };
  const env = {
    PARLEY_RECORDER: FAKE_RECORDER,
    PARLEY_RECORDING_RETENTION_DAYS: String(RETENTION_DAYS),
  };
  server = await startLiveServer(env, { clock, recordings: { limits } });
});
afterAll(async () => {
  for (const peer of peers) peer.drop();
  await server?.close();
});

async function live(): Promise<string> {
  const meeting = await server.newMeeting();
  const { token } = await server.addParticipant(meeting, { preset_name: 'group_call_host' });
  const peer = new HeadlessPeer({ url: server.socketUrl, token });
  peers.push(peer);
  await peer.connect();
  await peer.join();
  return meeting;
}

const path = () => ({ account_id: server.accountId, app_id: server.appId });
async function start(params: object): Promise<string> {
  const body = { account_id: server.accountId, meeting_id: await live(), ...params };
  return (await server.client.realtimeKit.recordings.startRecordings(server.appId, body)).data!.id;
}
const get = async (id: string) =>
  (await server.client.realtimeKit.recordings.getOneRecording(id, path())).data!;
const reached = (id: string, status: string) =>
  vi.waitFor(
    async () => {
      const now = await get(id);
      expect(now.status).toBe(status);
      return now;
    },
    { timeout: 30_000, interval: 50 },
  );
const stop = (id: string) =>
  server.client.realtimeKit.recordings.pauseResumeStopRecording(id, { ...path(), action: 'stop' });
const listed = async (expired: boolean) => {
  const query = { account_id: server.accountId, expired };
  const answer = await server.client.realtimeKit.recordings.getRecordings(server.appId, query);
  return answer.data.map(({ id }) => id);
};

describe('a recorder', () => {
  it('that does not begin in time is ended, and the recording ERRORED (RC39)', async () => {
    limits.startMs = 300;
    try {
      const id = await start({ file_name_prefix: 'hangs_start' });
      expect(await reached(id, 'ERRORED')).toMatchObject({
        err_message: 'The recorder did not begin within 0.3 seconds',
      });
    } finally {
      limits.startMs = RECORDER_LIMITS.startMs;
    }
  });

  it('that falls silent is ended, and what it has is kept', async () => {
    const id = await start({ file_name_prefix: 'silent' });
    expect(await reached(id, 'UPLOADED')).toMatchObject({
      stop_reason: { reason: 'INTERNAL_ERROR', detail: 'recorder_lost' },
      file_size: FILE_BYTES,
    });
  });

  it('that does not stop is ended, and what it has is kept', async () => {
    const id = await start({ file_name_prefix: 'hangs_stop' });
    await reached(id, 'RECORDING');
    await stop(id);
    expect(await reached(id, 'UPLOADED')).toMatchObject({ file_size: FILE_BYTES });
  });

  it('whose disk is full tries again for a while, and then says so', async () => {
    const id = await start({ file_name_prefix: 'disk_full' });
    await reached(id, 'RECORDING');
    await stop(id);
    expect(await reached(id, 'ERRORED')).toMatchObject({ err_message: 'The disk is full' });
  });
});

describe('the files of a recording', () => {
  it('and its link go after the days of the setting, and the list tells (RC26, D03)', async () => {
    const id = await start({});
    await reached(id, 'RECORDING');
    await stop(id);
    const { download_url, download_url_expiry } = await reached(id, 'UPLOADED');
    const keptMs = Date.parse(download_url_expiry!) - Date.now();
    expect(Math.abs(keptMs - RETENTION_DAYS * DAY_MS)).toBeLessThan(60_000);
    const link = download_url!.replace(/^https:\/\/[^/]+/, server.httpUrl);
    expect((await fetch(link)).status).toBe(200);
    expect([await listed(false), await listed(true)]).toEqual([expect.arrayContaining([id]), []]);
    setForwardMs = RETENTION_DAYS * DAY_MS + 60_000;
    try {
      expect((await fetch(link)).status).toBe(403);
      expect(await listed(true)).toContain(id);
      // The end of another one is the next occasion to clear up.
      const other = await start({});
      await reached(other, 'RECORDING');
      await stop(other);
      const removedAt = async () => {
        const file = await server.database.db
          .selectFrom('recording_files')
          .select('removed_at')
          .where('recording_id', '=', id as never)
          .executeTakeFirstOrThrow();
        return file.removed_at;
      };
      await expect.poll(removedAt).not.toBeNull();
    } finally {
      setForwardMs = 0;
    }
  });

  describe.skipIf(!s3ServerIsInstalled)('that go to a bucket', () => {
    let s3: S3Server;
    beforeAll(async () => {
      s3 = await startS3Server();
      await s3.createBucket('recordings');
    });
    afterAll(() => s3?.close());

    it('are UPLOADED when both copies are there, and no secret is shown (RC28, RC29, RC33, SE09)', async () => {
      const storage_config = { ...s3.config('recordings'), path: 'kept' };
      const id = await start({ storage_config, audio_config: {}, video_config: {} });
      await reached(id, 'RECORDING');
      await stop(id);
      const done = await reached(id, 'UPLOADED');
      expect(done.storage_config).toMatchObject({ type: 'aws', bucket: 'recordings', path: 'kept' });
      expect(JSON.stringify(done)).not.toContain(storage_config.secret);
      const { bytes, contentType } = await s3.read('recordings', `kept/${done.output_file_name}`);
      expect([bytes.length, contentType]).toEqual([FILE_BYTES, 'video/mp4']);
      const own = await fetch(done.download_url!.replace(/^https:\/\/[^/]+/, server.httpUrl));
      expect(Buffer.from(await own.arrayBuffer()).equals(bytes)).toBe(true);
      expect(await s3.keys('recordings')).toHaveLength(2);
    });

    it('alone leave no link behind (RC27)', async () => {
      const storage_config = s3.config('recordings');
      const id = await start({ storage_config, realtimekit_bucket_config: { enabled: false } });
      await reached(id, 'RECORDING');
      await stop(id);
      expect(await reached(id, 'UPLOADED')).toMatchObject({
        download_url: null,
        download_url_expiry: null,
        file_size: FILE_BYTES,
      });
    });

    it('that refuses them are kept for download, and the recording is ERRORED with the reason', async () => {
      const secret = 'WRONG-SECRET';
      const storage_config = { ...s3.config('recordings'), secret };
      const id = await start({ storage_config, realtimekit_bucket_config: { enabled: false } });
      await reached(id, 'RECORDING');
      await stop(id);
      const failed = await reached(id, 'ERRORED');
      expect(failed).toMatchObject({ err_message: expect.stringContaining('credentials') });
      const link = failed.download_url!.replace(/^https:\/\/[^/]+/, server.httpUrl);
      expect((await fetch(link)).status).toBe(200);
      expect(await tablesWith('recordings')).toContain('recordings');
      expect(await tablesWith(secret)).toEqual([]);
    });

    /** Names of the tables that have the text in any of their rows (SE09). */
    async function tablesWith(text: string): Promise<string[]> {
      const { db } = server.database;
      const tables = await db.introspection.getTables();
      const found = await Promise.all(
        tables.map(async ({ name }) => {
          const rows = await sql`
            select 1 from ${sql.table(name)} as one where one::text like ${`%${text}%`} limit 1
          `.execute(db);
          return rows.rows.length > 0 ? [name] : [];
        }),
      );
      return found.flat();
    }
  });
});
