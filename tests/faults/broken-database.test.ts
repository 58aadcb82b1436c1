import { ChatEvent, PollEvent, RoomEvent, room } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Moment, type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { isBackIn } from './back-in.js';
import { expectToldOnce } from './books.js';

/** Long enough for the server to have begun its next attempt. */
const LATE_MS = 1_000;
const MOMENTS: Moment[] = ['before commit', 'after commit'];

describe.skipIf(!serverIsBuilt)('a connection to the database that breaks', () => {
  let database: OwnDatabase;
  let proxy: PostgresProxy;
  let receiver: Receiver;
  let stage: SessionStage;
  beforeAll(async () => {
    database = await createDatabase();
    proxy = await startPostgresProxy(database.url);
    stage = await startSessionStage({ env: { DATABASE_URL: proxy.url } });
    receiver = await startReceiver(stage.backend);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
    await proxy?.close();
    await database?.drop();
  });

  test.each(MOMENTS)('%s of an end: it is ended once, and everybody is told (E11, E19)', async (moment) => {
    const meeting = await stage.backend.newMeeting();
    const peers = [await stage.enter(meeting, 'Mary', 'group_call_host'), await stage.enter(meeting, 'Tom')];
    const atCommit = proxy.hold(moment, 'SessionEnded');
    const answer = stage.kit.activeSession.kickAllParticipants(meeting, stage.scope);
    (await atCommit).break();
    expect((await answer).data?.kicked_participants_count).toBe(2);
    await Promise.all(peers.map((peer) => peer.reached('ended')));
    await receiver.meetingEnded(meeting);
    const sessions = await stage.sessionsOf(meeting);
    expect(sessions).toHaveLength(1);
    expectToldOnce(receiver.of(meeting), sessions[0]!, await stage.peersOf(sessions[0]!.id));
  });

  test.each(['SessionEnded', 'PeerLeft'])(
    'and a commit of %s that arrives while it is repeated: it is written once, and told (E11, E19)',
    async (event) => {
      const meeting = await stage.backend.newMeeting();
      const host = await stage.enter(meeting, 'Mary', 'group_call_host');
      const tom = await stage.enter(meeting, 'Tom');
      const atCommit = proxy.hold('before commit', event);
      if (event === 'PeerLeft') host.kick(tom.peerId);
      else host.kickAll();
      (await atCommit).breakAndDeliver(LATE_MS);
      await tom.reached(event === 'PeerLeft' ? 'kicked' : 'ended');
      expect(host.state).toBe(event === 'PeerLeft' ? 'joined' : 'ended');
      const [session] = await stage.sessionsOf(meeting);
      const rows = await stage.peersOf(session!.id);
      expect(rows.filter(({ left_at }) => left_at !== undefined)).toHaveLength(event === 'PeerLeft' ? 1 : 2);
    },
  );

  test.each(MOMENTS)('%s of the first join: there is one session with one peer (C09)', async (moment) => {
    const meeting = await stage.backend.newMeeting();
    const mary = stage.peer(await stage.invite(meeting, 'Mary'));
    await mary.connect();
    const atCommit = proxy.hold(moment, 'SessionStarted');
    const joined = mary.join();
    (await atCommit).break();
    expect(await joined).toBe('joined');
    const [session, ...others] = await stage.sessionsOf(meeting);
    expect(others).toEqual([]);
    expect(session).toMatchObject({ status: 'LIVE', live_participants: 1 });
    expect((await stage.peersOf(session!.id)).map(({ id }) => id)).toEqual([mary.peerId]);
  });

  test.each(MOMENTS)(
    '%s of a message: it is there once, for those who come later too (H07)',
    async (moment) => {
      const meeting = await stage.backend.newMeeting();
      const mary = await stage.enter(meeting, 'Mary');
      const atCommit = proxy.hold(moment, 'ChatMessageSent');
      const told = mary.next(ChatEvent.sendMessageToRoom);
      mary.chat('hello');
      (await atCommit).break();
      const { message } = await told;
      const tom = await stage.enter(meeting, 'Tom');
      const { messages } = await tom.request(ChatEvent.getMessages);
      expect(messages).toEqual([message]);
    },
  );

  test('what is being saved is in no answer, and nobody gets it twice (H05, V02)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.rawSocket(await stage.invite(meeting, 'Mary'));
    const tom = await stage.rawSocket(await stage.invite(meeting, 'Tom'));
    await Promise.all([mary.join('Mary'), tom.join('Tom')]);
    const atCommit = proxy.hold('before commit', 'ChatMessageSent');
    mary.send(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: 'hello' });
    const held = await atCommit;
    const answers = [
      tom.refusalOf(ChatEvent.getMessages),
      tom.refusalOf(RoomEvent.getRoomPeersInfo, room.RoomPeersInfoRequest.create()),
      tom.refusalOf(PollEvent.getPolls),
    ];
    // It waits for nothing, and the server reads what a client sends in order.
    await tom.refusalOf(RoomEvent.getConnectedRoomsDump);
    expect(tom.received(ChatEvent.getMessages)).toEqual([]);
    held.release();
    expect(await Promise.all(answers)).toEqual([null, null, null]);
    const order = tom.frames.map(({ event }) => event);
    const told = order.indexOf(ChatEvent.sendMessageToRoom);
    expect(told).toBeGreaterThan(-1);
    expect(order.indexOf(ChatEvent.getMessages)).toBeGreaterThan(told);
    const [history] = tom.received(ChatEvent.getMessages);
    expect(history?.messages.map(({ payload }) => payload)).toEqual(['hello']);
    expect(tom.received(ChatEvent.sendMessageToRoom)).toHaveLength(1);
  });

  test('a session that somebody else has written to is read back, and its clients come back to it (E22)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host', { reconnect: COMES_BACK });
    const { id } = (await stage.activeSession(meeting))!;
    await database.rows('update sessions set last_seq = last_seq + 1000 where id = $1', [id]);
    mary.chat('not saved');
    await mary.reached('disconnected');
    await isBackIn(mary, id);
    const { messages } = await mary.request(ChatEvent.getMessages);
    expect(messages.map(({ payload }) => payload)).toEqual(['here again']);
    expect((await stage.activeSession(meeting))?.id).toBe(id);
  });
});
