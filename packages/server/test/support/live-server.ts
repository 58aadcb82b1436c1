import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Cloudflare from 'cloudflare';
import pino from 'pino';
import { loadSettings } from '../../src/config/load.js';
import type { MediaPool, MediaRoom } from '../../src/media/media-pool.js';
import { type Overrides, startServer } from '../../src/server.js';
import { startDatabase, type TestDatabase } from './database.js';
import { freePort } from './free-port.js';

/** A whole server in this process, with a real database and without media workers. */
export interface LiveServer {
  database: TestDatabase;
  /** `http://localhost:<port>` */
  httpUrl: string;
  /** `ws://localhost:<port>/ws` */
  socketUrl: string;
  dataDir: string;
  appId: string;
  accountId: string;
  apiToken: string;
  client: Cloudflare;
  newMeeting(): Promise<string>;
  addParticipant(
    meetingId: string,
    details?: { name?: string | null; picture?: string | null; preset_name?: string },
  ): Promise<{ id: string; token: string }>;
  close(): Promise<void>;
}

/** Takes every request and carries nothing. */
const silentMedia: MediaPool = {
  ready: async () => {},
  isReady: () => true,
  room: (id): MediaRoom => ({
    id,
    request: async () => ({ answer: 'v=0', results: [], producers: [] }) as never,
    on: () => () => {},
    close: () => {},
  }),
  gauges: () => [],
  close: async () => {},
};

export async function startLiveServer(
  env: Record<string, string> = {},
  overrides: Overrides = {},
): Promise<LiveServer> {
  const database = await startDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-live-'));
  const apiToken = `test-${randomBytes(16).toString('hex')}`;
  const accountId = randomBytes(16).toString('hex');
  const settings = loadSettings(
    {
      PARLEY_HTTP_PORT: String(await freePort()),
      PARLEY_HTTPS_PORT: String(await freePort()),
      PARLEY_DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      PARLEY_API_TOKEN: apiToken,
      PARLEY_ACCOUNT_ID: accountId,
      ...env,
    },
    [],
  );
  const log = pino({ level: 'silent' });
  const server = await startServer(settings, { log, mediaPool: silentMedia, ...overrides });
  const httpUrl = `http://localhost:${settings.httpPort}`;
  const client = new Cloudflare({ apiToken, baseURL: `${httpUrl}/client/v4` });
  const { appId } = server.installation;
  return {
    database,
    httpUrl,
    socketUrl: `${httpUrl.replace('http', 'ws')}/ws`,
    dataDir,
    appId,
    accountId,
    apiToken,
    client,
    async newMeeting() {
      const { data } = await client.realtimeKit.meetings.create(appId, {
        account_id: accountId,
        title: 'Test',
      });
      return data!.id;
    },
    async addParticipant(meetingId, details = {}) {
      const { data } = await client.realtimeKit.meetings.addParticipant(meetingId, {
        account_id: accountId,
        app_id: appId,
        name: 'Mary',
        preset_name: 'group_call_participant',
        custom_participant_id: 'custom',
        ...details,
      });
      return { id: data!.id, token: data!.token };
    },
    async close() {
      await server.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
