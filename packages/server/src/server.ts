import type { Logger } from 'pino';
import { managementApi } from './api/management-api.js';
import { clientApi } from './client-api/client-api.js';
import { telemetry } from './client-api/telemetry.js';
import { type Clock, systemClock } from './clock.js';
import type { Settings } from './config/settings.js';
import { isMigrated } from './database/migrate.js';
import { createSocketEdge } from './edge/socket-edge.js';
import { openFiles } from './files/files.js';
import { createDispatcher } from './http/dispatcher.js';
import { openListeners } from './http/listeners.js';
import { operations } from './http/operations.js';
import { Readiness } from './http/readiness.js';
import { Ingest } from './ingest/ingest.js';
import type { IngestLimits } from './ingest/limits.js';
import { CloseStack } from './lifecycle/close-stack.js';
import { makeDataFolder } from './lifecycle/data-folder.js';
import { greeting } from './lifecycle/greeting.js';
import { ensureInstallation, findDemoParticipants, type Installation } from './lifecycle/installation.js';
import { openDatabase } from './lifecycle/open-database.js';
import { ingestServer } from './livestreams/addresses.js';
import { openStreamKey } from './livestreams/keys.js';
import { Livestreams } from './livestreams/livestreams.js';
import { createLogger } from './log/logger.js';
import type { MediaPool } from './media/media-pool.js';
import { createMediaPool } from './media/worker-pool.js';
import { createHttpMetrics } from './metrics/http.js';
import { registerMediaMetrics } from './metrics/media.js';
import { registerMeetingMetrics } from './metrics/meetings.js';
import { createRegistry } from './metrics/registry.js';
import { pages } from './pages/index.js';
import { RecorderLaunches } from './recorders/launches.js';
import type { RecorderLimits } from './recorders/limits.js';
import { ReadyRecorders } from './recorders/ready-recorders.js';
import { recordingOnStart } from './recordings/order.js';
import { Recordings } from './recordings/recordings.js';
import type { Services } from './services.js';
import { LiveLivestreams } from './sessions/live-livestreams.js';
import { LiveMeetings } from './sessions/live-meetings.js';
import { LiveRecordings } from './sessions/live-recordings.js';
import { LiveSessionControl } from './sessions/session-control.js';
import { sealStoredMeetings } from './storage/seal-stored.js';
import { openSecretBox } from './storage/sealing.js';
import { loadTlsIdentity } from './tls/identity.js';
import { refreshTls } from './tls/refresh.js';
import { createParticipantTokens } from './tokens/participant-tokens.js';
import { createWebhooks } from './webhooks/webhooks.js';

/** What a test may put in the place of the real thing. */
export interface Overrides {
  clock?: Clock;
  log?: Logger;
  mediaPool?: MediaPool;
  recordings?: { limits?: RecorderLimits };
  ingest?: { limits?: IngestLimits };
}

export interface RunningServer {
  /** Origins without a slash at the end. */
  urls: { http: string; https: string };
  installation: Installation;
  /** For the person in front of the terminal. */
  greeting: string;
  /** Resolves when the server cannot go on and has to be closed: the database is gone or has another owner. */
  failed: Promise<Error>;
  /** Drains and closes everything, within ten seconds. Idempotent. */
  close(): Promise<void>;
}

const REQUESTS_GRACE_MS = 3_000;

/**
 * Puts the server together, from the database up to the open ports; every part is closed in the opposite order.
 * Resolves when `/readyz` answers 200. Throws an error whose message is fit to be the only line printed.
 */
export async function startServer(settings: Settings, overrides: Overrides = {}): Promise<RunningServer> {
  const log = overrides.log ?? createLogger(settings.logLevel);
  const stack = new CloseStack(log);
  try {
    return await start(settings, overrides, log, stack);
  } catch (error) {
    await stack.close();
    throw error;
  }
}

async function start(
  settings: Settings,
  overrides: Overrides,
  log: Logger,
  stack: CloseStack,
): Promise<RunningServer> {
  const clock = overrides.clock ?? systemClock;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });

  await makeDataFolder(settings.dataDir);
  const mediaPool =
    overrides.mediaPool ??
    createMediaPool({ workers: settings.mediaWorkers, announcedIps: settings.mediaIps, log });
  stack.push('media workers', () => mediaPool.close());
  const [db, tls] = await allOrNone([
    openDatabase(settings, log, stack, fail),
    loadTlsIdentity(settings, clock),
    mediaPool.ready(),
  ]);

  const secrets = await openSecretBox(settings);
  await sealStoredMeetings(db, secrets);
  const installation = await ensureInstallation({ db, secrets }, settings, clock);
  const registry = createRegistry();
  registerMediaMetrics(registry, mediaPool);
  const files = await openFiles({ db, clock, log, settings });
  stack.push('files', () => files.close());
  const webhooks = createWebhooks({ db, clock, log, registry, allowPrivate: settings.webhookAllowPrivate });
  stack.push('webhooks', () => webhooks.close());
  const participantTokens = createParticipantTokens(db, clock);
  const launches = new RecorderLaunches({ participantTokens, settings });
  const recorders = await ReadyRecorders.open({ log, launches, settings });
  stack.push('the recorder that is ready', () => recorders.close());
  const recordings = await Recordings.open({
    db,
    clock,
    log,
    links: files.links,
    launches,
    recorders,
    secrets,
    settings,
    wakeWebhooks: webhooks.wake,
    ...overrides.recordings,
  });
  stack.push('recordings', () => recordings.close());
  const livestreams = await Livestreams.open({
    db,
    clock,
    log,
    secrets,
    launches,
    recorders,
    settings,
    ...overrides.recordings,
  });
  stack.push('livestreams', () => livestreams.close());
  const { disk } = livestreams;
  const ingest = new Ingest({
    db,
    clock,
    log,
    secrets,
    disk,
    settings,
    tls,
    wakeWebhooks: webhooks.wake,
    ...overrides.ingest,
  });
  stack.push('ingest', () => ingest.close());
  const meetings = new LiveMeetings({
    db,
    clock,
    log,
    mediaPool,
    reconnectGraceMs: settings.reconnectGraceMs,
    participantTokens,
    recordings: {
      emptyMs: settings.recordingEmptySeconds * 1000,
      onStart: (meetingId, defaults) => recordingOnStart(meetingId, defaults, clock.now()),
      changed: () => recordings.wake(),
      tracks: recordings.tracks,
    },
    livestreams: {
      onStart: ({ meetingId, appId }) => livestreams.onStart({ id: meetingId, app_id: appId }),
      changed: () => {
        livestreams.wake();
        ingest.wake();
      },
    },
    committed: webhooks.wake,
    webhookSources: {
      chatLink: files.chatExportLink,
      streamKey: (id, sealed) => (settings.webhookStreamKey ? openStreamKey(secrets, id, sealed) : ''),
      ingestServer: ingestServer(settings),
    },
    chatRetentionDays: settings.chatRetentionDays,
  });
  registerMeetingMetrics(registry, meetings);
  const services: Services = {
    settings,
    db,
    clock,
    log,
    participantTokens,
    secrets,
    sessions: new LiveSessionControl(db, meetings),
    recordings,
    livestreams,
    ingest,
  };
  stack.push('meetings', () => meetings.close());
  await meetings.recover();
  recordings.attach(new LiveRecordings(meetings));
  const livestreamed = new LiveLivestreams(meetings);
  livestreams.attach(livestreamed);
  await ingest.attach(livestreamed);

  const readiness = new Readiness({
    database: () => isMigrated(db),
    mediaWorkers: () => mediaPool.isReady(),
    listeners: () => listeners.isListening(),
  });
  const edge = createSocketEdge(services, meetings);
  const fetch = createDispatcher({
    surfaces: {
      operations: operations({ readiness, registry, webhookPublicKey: webhooks.publicKeyPem, log }),
      managementApi: managementApi({ ...services, webhooks, links: files.links }),
      clientApi: clientApi({ ...services, files, meetings }),
      telemetry: telemetry(),
      pages: pages(services),
    },
    baseDomain: settings.baseDomain,
    metrics: createHttpMetrics(registry),
    log,
  });
  const listeners = await openListeners({ settings, fetch, edge, tls });
  await webhooks.takeOver();
  webhooks.start();
  stack.push('listeners', () => listeners.close(REQUESTS_GRACE_MS));
  stack.push('sockets', () => edge.drain());
  stack.push('readiness', () => readiness.drain());
  stack.push(
    'certificate check',
    refreshTls(
      tls,
      () => loadTlsIdentity(settings, clock),
      (identity) => {
        listeners.useCertificate(identity);
        ingest.useCertificate(identity);
      },
      log,
    ),
  );

  const demoTokens = await Promise.all(
    (await findDemoParticipants(db, installation.accountId)).map(async ({ role, ...who }) => ({
      role,
      token: await services.participantTokens.mint(who),
    })),
  );
  return {
    urls: { http: `http://localhost:${settings.httpPort}`, https: `https://${settings.baseDomain}` },
    installation,
    greeting: greeting({ settings, installation, demoTokens, authorityPath: tls.authorityPath }),
    failed,
    close: () => stack.close(),
  };
}

/** As Promise.all, but a failure waits for the others, so that what they open is on the stack before it is closed. */
async function allOrNone<T extends readonly unknown[]>(parts: { [I in keyof T]: Promise<T[I]> }): Promise<T> {
  await Promise.allSettled(parts);
  return (await Promise.all(parts)) as unknown as T;
}
