import { randomUUID } from 'node:crypto';
import type { Identity, Permissions } from '@parley/core';
import pino from 'pino';
import type { AppId, ParticipantId, PeerId } from '../../../src/ids.js';
import type { MediaPool, MediaRoom } from '../../../src/media/media-pool.js';
import { defaultPresets } from '../../../src/presets/defaults.js';
import type { PeerConnection } from '../../../src/sessions/connection.js';
import { LiveMeetings, type LiveMeetingsOptions } from '../../../src/sessions/live-meetings.js';
import type { MeetingHost } from '../../../src/sessions/meeting-host.js';
import type { Admission } from '../../../src/sessions/meeting-info.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';
import { insertMeeting } from '../../support/rows.js';
import { nothingRecorded, nothingStreamed } from '../../unit/sessions/fakes.js';

const mediaPool = {
  room: (id: string): MediaRoom => ({
    id,
    request: async () => ({ answer: '' }) as never,
    on: () => () => {},
    close: () => {},
  }),
} as unknown as MediaPool;

/** Sessions on a real database, with neither sockets nor media. */
export interface SessionsBench {
  database: TestDatabase;
  /** What one server process would hold; several may run on the same database. */
  startMeetings(options?: Partial<LiveMeetingsOptions>): LiveMeetings;
  newMeeting(): Promise<Admission>;
  close(): Promise<void>;
}

export async function startSessionsBench(): Promise<SessionsBench> {
  const database = await startDatabase();
  const { db } = database;
  const appId = randomUUID() as AppId;
  const at = new Date();
  await db.insertInto('accounts').values({ id: 'a', name: 'Test' }).execute();
  await db.insertInto('apps').values({ id: appId, account_id: 'a', name: 'App', created_at: at }).execute();
  const started: LiveMeetings[] = [];

  return {
    database,
    startMeetings(options = {}) {
      const meetings = new LiveMeetings({
        db,
        clock: { now: () => new Date() },
        log: pino({ level: 'silent' }),
        mediaPool,
        reconnectGraceMs: 60_000,
        participantTokens: { mint: async () => 'token' },
        recordings: nothingRecorded,
        committed: () => {},
        livestreams: nothingStreamed,
        webhookSources: {
          chatLink: (sessionId, endedAt) => ({
            url: `https://parley.example/${sessionId}`,
            expiresAt: endedAt,
          }),
          streamKey: () => '',
          ingestServer: '',
        },
        chatRetentionDays: 7,
        ...options,
      });
      started.push(meetings);
      return meetings;
    },
    async newMeeting() {
      const meetingId = await insertMeeting(db, appId, at, {
        title: 'Weekly',
        session_keep_alive_time_in_secs: 600,
      });
      const meeting = {
        meetingId,
        mainMeetingId: null,
        appId,
        appName: 'App',
        title: 'Weekly',
        status: 'ACTIVE',
        keepAliveSecs: 600,
        persistChat: false,
        locked: false,
        maxParticipants: null,
        limits: { maxSessionMs: null, endsAt: null },
        recordOnStart: null,
      };
      return { meeting, movedIn: null } as unknown as Admission;
    },
    async close() {
      for (const meetings of started) meetings.close();
      await database.close();
    },
  };
}

/** Lets a new peer in, who may do everything; answers its id. */
export async function letIn(host: MeetingHost, admission: Admission): Promise<string> {
  const peerId = randomUUID();
  host.attach(connectionOf(peerId));
  await host.join(
    async () => admission,
    () => identityOf(peerId),
    { peerId, requestId: 'join' },
  );
  return peerId;
}

const connectionOf = (peerId: string): PeerConnection => ({
  peerId: peerId as PeerId,
  participantId: randomUUID() as ParticipantId,
  send: () => {},
  tellOfTrack: () => {},
  keepTrackNews: () => {},
  releaseTrackNews: () => {},
  close: () => {},
  dismiss: () => {},
  transfer: () => {},
});

/** With names that have to be quoted in JSON and in SQL. */
function identityOf(peerId: string): Identity {
  const preset = defaultPresets.find(({ name }) => name === 'group_call_host')!;
  return {
    peerId,
    participantId: randomUUID(),
    customParticipantId: 'custom "quoted" \\ é 🙂',
    displayName: 'Mary \u2028 O’Hara',
    picture: null,
    preset: {
      id: randomUUID(),
      name: preset.name,
      viewType: 'GROUP_CALL',
      maxScreenshareCount: 1,
      permissions: preset.permissions as Permissions,
    },
  };
}
