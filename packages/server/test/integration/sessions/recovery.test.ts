import { randomUUID } from 'node:crypto';
import { BACKEND, type Command, type Identity, type MeetingState, type Permissions } from '@parley/core';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppId, MeetingId, ParticipantId, PeerId } from '../../../src/ids.js';
import type { MediaPool, MediaRoom } from '../../../src/media/media-pool.js';
import { defaultPresets } from '../../../src/presets/defaults.js';
import type { PeerConnection } from '../../../src/sessions/connection.js';
import { LiveMeetings } from '../../../src/sessions/live-meetings.js';
import type { Admission } from '../../../src/sessions/meeting-info.js';
import { recoverSession } from '../../../src/sessions/recovery.js';
import { Refused } from '../../../src/sessions/refused.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';

const APP = randomUUID() as AppId;
const COMMANDS = 300;
const log = pino({ level: 'silent' });
const mediaPool = {
  room: (id: string): MediaRoom => ({
    id,
    request: async () => ({ answer: '' }) as never,
    on: () => () => {},
    close: () => {},
  }),
} as unknown as MediaPool;

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  const at = new Date();
  await db.insertInto('accounts').values({ id: 'a', name: 'Test' }).execute();
  await db.insertInto('apps').values({ id: APP, account_id: 'a', name: 'App', created_at: at }).execute();
});
afterAll(() => database?.close());

async function newMeeting(): Promise<Admission> {
  const id = randomUUID() as MeetingId;
  const at = new Date();
  await database.db
    .insertInto('meetings')
    .values({
      id,
      app_id: APP,
      title: 'Weekly',
      status: 'ACTIVE',
      record_on_start: false,
      live_stream_on_start: false,
      persist_chat: false,
      summarize_on_end: false,
      transcribe_on_end: false,
      session_keep_alive_time_in_secs: 600,
      preferred_region: null,
      created_at: at,
      updated_at: at,
    })
    .execute();
  const meeting = {
    meetingId: id,
    appId: APP,
    appName: 'App',
    title: 'Weekly',
    status: 'ACTIVE',
    keepAliveSecs: 600,
    persistChat: false,
    locked: false,
    maxParticipants: null,
  } as const;
  return { meeting } as unknown as Admission;
}

const startMeetings = () =>
  new LiveMeetings({
    db: database.db,
    clock: { now: () => new Date() },
    log,
    mediaPool,
    reconnectGraceMs: 60_000,
    committed: () => {},
  });

const connectionOf = (peerId: string): PeerConnection => ({
  peerId: peerId as PeerId,
  participantId: randomUUID() as ParticipantId,
  send: () => {},
  close: () => {},
  dismiss: () => {},
});

function identity(peerId: string): Identity {
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

/** What outlives the process: no sockets, no media, nobody who waits. */
function durablePart({ session }: MeetingState) {
  if (!session) return null;
  const { speakers: _, peers, ...rest } = session;
  return {
    ...rest,
    peers: [...peers.values()].map(
      ({ lostAt: _lost, mediaJoined: _media, producers: _producers, ...peer }) => peer,
    ),
  };
}

describe('a session read back from its log', () => {
  it('is what it was, after whatever has happened in it (L04)', async () => {
    const meetings = startMeetings();
    const admission = await newMeeting();
    const { meetingId } = admission.meeting;
    const host = await meetings.open(meetingId);
    const peers: string[] = [];
    const join = async () => {
      const peerId = randomUUID();
      host.attach(connectionOf(peerId));
      await host.join(
        async () => admission,
        () => identity(peerId),
        { peerId, requestId: 'join' },
      );
      peers.push(peerId);
    };
    await join();

    let seed = 7;
    const pick = (count: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % count;
    };
    const participantOf = (peerId: string) => host.state.session?.peers.get(peerId)?.participantId ?? '';
    const messages = () => [...(host.state.session?.chat.keys() ?? [])];
    const commands: ((by: string, other: string) => Command)[] = [
      (by) => ({
        type: 'SendChat',
        by,
        messageId: randomUUID(),
        payloadType: 0,
        payload: `said ${seed} 🙂 "\\`,
        toPeerIds: null,
      }),
      (by, other) => ({
        type: 'SendChat',
        by,
        messageId: randomUUID(),
        payloadType: 0,
        payload: 'psst',
        toPeerIds: [other],
      }),
      (by) => ({ type: 'EditChat', by, messageId: messages()[pick(9)] ?? '', payload: 'changed' }),
      (by) => ({ type: 'DeleteChat', by, messageId: messages()[pick(9)] ?? '' }),
      (by) => ({ type: 'PinChat', by, messageId: messages()[pick(9)] ?? '', pinned: pick(2) === 0 }),
      (by) => ({
        type: 'CreatePoll',
        by,
        pollId: randomUUID(),
        question: 'Which?',
        options: ['a', 'b'],
        anonymous: pick(2) === 0,
        hideVotes: pick(2) === 0,
      }),
      (by) => ({
        type: 'VotePoll',
        by,
        pollId: [...host.state.session!.polls.keys()][pick(5)] ?? '',
        option: pick(2),
      }),
      (by) => ({
        type: 'SetStoreItems',
        by,
        store: `store ${pick(3)}`,
        items: [{ key: `k${pick(5)}`, payload: `{"n":${seed}}` }],
      }),
      (by) => ({ type: 'DeleteStoreItems', by, store: `store ${pick(3)}`, keys: [`k${pick(5)}`] }),
      (by, other) => ({ type: 'PinPeer', by, peerId: pick(3) === 0 ? null : other }),
      (by, other) => ({
        type: 'ChangePermissions',
        by,
        changes: [{ participantId: participantOf(other), patch: { polls: { can_vote: pick(2) === 0 } } }],
      }),
      (_, other) => ({
        type: 'MutePeers',
        by: BACKEND,
        peerIds: [other],
        what: ['audio'],
        forbidUnmute: false,
      }),
      () => ({
        type: 'MutePeers',
        by: BACKEND,
        peerIds: 'everybody',
        what: ['audio'],
        forbidUnmute: pick(2) === 0,
      }),
      (_, other) => ({ type: 'LoseConnection', peerId: other }),
      (by, other) => ({ type: 'KickPeers', by, peerIds: pick(4) === 0 ? [other] : [] }),
    ];
    for (let count = 0; count < COMMANDS; count++) {
      if (peers.length < 3 || pick(10) === 0) await join();
      const joined = peers.filter((peerId) => host.state.session!.peers.has(peerId));
      const [by, other] = [joined[pick(joined.length)]!, joined[pick(joined.length)]!];
      await host.execute(commands[pick(commands.length)]!(by, other)).catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
      });
      if (count % 75 === 0) {
        const recovered = await recoverSession(database.db, meetingId);
        expect(durablePart(recovered!.state)).toEqual(durablePart(host.state));
      }
    }
    const recovered = await recoverSession(database.db, meetingId);
    expect(durablePart(recovered!.state)).toEqual(durablePart(host.state));
    expect(recovered!.state.session!.chat.size).toBeGreaterThan(5);
    expect(recovered!.record.live).toBe(host.state.session!.peers.size);
    meetings.close();
  });

  it('goes on under another owner, and the former can write nothing more into it', async () => {
    const [former, next] = [startMeetings(), startMeetings()];
    const admission = await newMeeting();
    const { meetingId } = admission.meeting;
    const peerId = randomUUID();
    const origin = { peerId, requestId: 'join' };
    const old = await former.open(meetingId);
    old.attach(connectionOf(peerId));
    await old.join(
      async () => admission,
      () => identity(peerId),
      origin,
    );
    const chat = (text: string): Command => ({
      type: 'SendChat',
      by: peerId,
      messageId: randomUUID(),
      payloadType: 0,
      payload: text,
      toPeerIds: null,
    });
    await next.recover();
    const taken = (await next.find(meetingId))!;
    await taken.execute(chat('from the next'));
    await expect(old.execute(chat('from the former'))).rejects.toMatchObject({ code: 'not_saved' });
    const { state } = (await recoverSession(database.db, meetingId))!;
    expect([...state.session!.chat.values()].map(({ payload }) => payload)).toEqual(['from the next']);
    former.close();
    next.close();
  });
});

describe('the journal', () => {
  it('fails the one session that cannot be written, and none of those that share its commit', async () => {
    const meetings = startMeetings();
    const admissions = await Promise.all(Array.from({ length: 10 }, newMeeting));
    const broken = admissions[3]!.meeting.meetingId;
    // A live session that this server knows nothing of: the meeting's next one cannot begin.
    const [like] = await database.db.selectFrom('sessions').selectAll().limit(1).execute();
    await database.db
      .insertInto('sessions')
      .values({
        ...like!,
        id: randomUUID() as never,
        meeting_id: broken,
        status: 'LIVE',
        last_seq: 0,
        ended_at: null,
      })
      .execute();
    const joins = await Promise.allSettled(
      admissions.map(async (admission) => {
        const peerId = randomUUID();
        const host = await meetings.open(admission.meeting.meetingId);
        host.attach(connectionOf(peerId));
        await host.join(
          async () => admission,
          () => identity(peerId),
          { peerId, requestId: 'join' },
        );
      }),
    );
    expect(joins.map(({ status }) => status === 'fulfilled')).toEqual(
      admissions.map((_, index) => index !== 3),
    );
    meetings.close();
  });

  it('writes many sessions in few transactions', async () => {
    let commits = 0;
    const meetings = new LiveMeetings({
      db: database.db,
      clock: { now: () => new Date() },
      log,
      mediaPool,
      reconnectGraceMs: 1000,
      committed: () => commits++,
    });
    const admissions = await Promise.all(Array.from({ length: 50 }, newMeeting));
    await Promise.all(
      admissions.map(async (admission) => {
        const peerId = randomUUID();
        const host = await meetings.open(admission.meeting.meetingId);
        host.attach(connectionOf(peerId));
        await host.join(
          async () => admission,
          () => identity(peerId),
          { peerId, requestId: 'join' },
        );
      }),
    );
    expect(commits).toBeLessThan(10);
    for (const { meeting } of admissions) {
      expect((await recoverSession(database.db, meeting.meetingId))!.state.session!.peers.size).toBe(1);
    }
    meetings.close();
  });
});
