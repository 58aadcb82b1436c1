import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import Cloudflare from 'cloudflare';
import type { Hono } from 'hono';
import pino from 'pino';
import { vi } from 'vitest';
import type { ApiLimits } from '../../../src/api/limit-requests.js';
import { managementApi } from '../../../src/api/management-api.js';
import type { Clock } from '../../../src/clock.js';
import { loadSettings } from '../../../src/config/load.js';
import { loadFileLinks } from '../../../src/files/links.js';
import { ApiError } from '../../../src/http/errors.js';
import { Livestreams } from '../../../src/livestreams/livestreams.js';
import type { LivestreamedSessions } from '../../../src/livestreams/sessions.js';
import { RecorderLaunches } from '../../../src/recorders/launches.js';
import { ReadyRecorders } from '../../../src/recorders/ready-recorders.js';
import { Recordings } from '../../../src/recordings/recordings.js';
import type { RecordedSessions } from '../../../src/recordings/sessions.js';
import type { SessionControl } from '../../../src/sessions/control.js';
import { SecretBox } from '../../../src/storage/sealing.js';
import { createApiToken } from '../../../src/tokens/api-tokens.js';
import { createParticipantTokens, type ParticipantTokens } from '../../../src/tokens/participant-tokens.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

/** Room for every body of these tests but those that are to be too large. */
export const MAX_BODY_BYTES = 64 * 1024;

class TestClock implements Clock {
  #now = Date.parse('2026-07-01T10:00:00.000Z');
  now = () => new Date(this.#now);
  advance(ms: number): void {
    this.#now += ms;
  }
}

const none = async (meetingId: string): Promise<never> => {
  throw new ApiError(404, `No active session found for meeting_id ${meetingId}`);
};

/** Nobody is there who could be recorded or livestreamed. */
const idleRecordedSessions: RecordedSessions = { start: none, control: none, follow: async () => 'later' };

const idleLivestreamedSessions: LivestreamedSessions = {
  check: none,
  start: none,
  stop: none,
  follow: async () => 'later',
};

/** A session control for meetings that nobody is in. */
const idleSessions = () => {
  return {
    kick: vi.fn<SessionControl['kick']>(none),
    kickForGood: vi.fn<SessionControl['kickForGood']>(none),
    kickAll: vi.fn<SessionControl['kickAll']>(none),
    mute: vi.fn<SessionControl['mute']>(none),
    muteAll: vi.fn<SessionControl['muteAll']>(none),
    transcribe: vi.fn<SessionControl['transcribe']>(none),
    createPoll: vi.fn<SessionControl['createPoll']>(none),
    participantDeleted: vi.fn<SessionControl['participantDeleted']>(async () => {}),
    meetingChanged: vi.fn<SessionControl['meetingChanged']>(async () => {}),
    isInSession: vi.fn<SessionControl['isInSession']>(async () => false),
    participantsBlocked: vi.fn<SessionControl['participantsBlocked']>(async () => {}),
    meetingDeactivated: vi.fn<SessionControl['meetingDeactivated']>(async () => {}),
  };
};

interface TestAccount {
  accountId: string;
  token: string;
  appId: string;
}

export interface TestApi extends TestAccount {
  api: Hono;
  database: TestDatabase;
  clock: TestClock;
  sessions: ReturnType<typeof idleSessions>;
  redeliver: ReturnType<typeof vi.fn<(deliveryId: string) => Promise<boolean>>>;
  participantTokens: ParticipantTokens;
  /** `http://127.0.0.1:<port>` */
  origin: string;
  /** The unmodified official client, pointed here. */
  client: Cloudflare;
  /** Calls a path below the app with its token; a body that is not text is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  addAccount(): Promise<TestAccount>;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  body: any;
}

let accounts = 0;

/** The management API on a port of its own, with a database of its own and one account. */
export async function startApi(limits: Partial<ApiLimits> = {}): Promise<TestApi> {
  const database = await startDatabase();
  const clock = new TestClock();
  const sessions = idleSessions();
  const redeliver = vi.fn<(deliveryId: string) => Promise<boolean>>(async () => true);
  const participantTokens = createParticipantTokens(database.db, clock);
  const secrets = new SecretBox(randomBytes(32));
  const links = await loadFileLinks(database.db);
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-api-'));
  const settings = { ...loadSettings({ PARLEY_DATA_DIR: dataDir }, []), recorderProgram: '/none' };
  const launches = new RecorderLaunches({ participantTokens, settings });
  const log = pino({ level: 'silent' });
  const recorders = await ReadyRecorders.open({ log, launches, settings });
  const common = { db: database.db, clock, log, secrets, launches, recorders, settings };
  const recordings = await Recordings.open({ ...common, links, wakeWebhooks: () => {} });
  recordings.attach(idleRecordedSessions);
  const livestreams = await Livestreams.open(common);
  livestreams.attach(idleLivestreamedSessions);
  const api = managementApi({
    db: database.db,
    clock,
    log,
    settings: {
      maxBodyBytes: MAX_BODY_BYTES,
      baseDomain: 'localhost:8443',
      rtmpPort: null,
      rtmpsPort: null,
      apiRequestsPer5Minutes: 0,
      recordingRequestsPer50Seconds: 0,
      ...limits,
    },
    links,
    participantTokens,
    secrets,
    sessions,
    recordings,
    livestreams,
    ingest: { cutOff: () => {} },
    webhooks: { redeliver },
  });
  const server = serve({ fetch: api.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const addAccount = async (): Promise<TestAccount> => {
    accounts += 1;
    const accountId = accounts.toString(16).padStart(32, '0');
    await database.db.insertInto('accounts').values({ id: accountId, name: 'Test' }).execute();
    const { token } = await createApiToken(database.db, {
      accountId,
      name: 'test',
      permissions: ['Realtime'],
    });
    const client = new Cloudflare({ apiToken: token, baseURL: `${origin}/client/v4` });
    const created = await client.realtimeKit.apps.post({ account_id: accountId, name: 'Test app' });
    return { accountId, token, appId: created.data?.app?.id ?? '' };
  };

  const own = await addAccount();
  const base = `${origin}/client/v4/accounts/${own.accountId}/realtime/kit/${own.appId}`;
  return {
    ...own,
    api,
    database,
    clock,
    sessions,
    redeliver,
    participantTokens,
    origin,
    client: new Cloudflare({ apiToken: own.token, baseURL: `${origin}/client/v4`, maxRetries: 0 }),
    addAccount,
    async call(method, path, body, headers = {}) {
      const response = await fetch(base + path, {
        method,
        headers: {
          authorization: `Bearer ${own.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await recordings.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
