import { setTimeout as sleep } from 'node:timers/promises';
import type { HeadlessPeer } from '@parley/headless';
import { RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { isBackIn } from './back-in.js';
import { expectToldOnce } from './books.js';
import { seededRandom } from './random.js';

/** A claim of deliveries lapses this long after its runner was killed. */
const REDELIVERED_WITHIN_MS = 60_000;
const SEED = 20_261_122;
const RANDOM_ROUNDS = 4;
const LONGEST_DELAY_MS = 60;

describe.skipIf(!serverIsBuilt)('kill -9 on the way of an ending', () => {
  let database: OwnDatabase;
  let proxy: PostgresProxy;
  let receiver: Receiver;
  let stage: SessionStage;
  /** Every meeting that was ended, for the count at the end. */
  const meetings: string[] = [];

  beforeAll(async () => {
    database = await createDatabase();
    proxy = await startPostgresProxy(database.url);
    stage = await startSessionStage({
      env: { DATABASE_URL: proxy.url, PARLEY_RECONNECT_GRACE_MS: '20000' },
    });
    receiver = await startReceiver(stage.backend);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
    await proxy?.close();
    await database?.drop();
  });

  async function meetingWith(...names: string[]) {
    const meeting = await stage.backend.newMeeting();
    meetings.push(meeting);
    const peers: HeadlessPeer[] = [];
    for (const name of names) {
      const preset = name === 'Host' ? 'group_call_host' : 'group_call_participant';
      peers.push(await stage.enter(meeting, name, preset, { reconnect: COMES_BACK }));
    }
    const { id: sessionId } = (await stage.activeSession(meeting))!;
    return { meeting, sessionId, peers };
  }

  const statusInDatabase = async (sessionId: string) => {
    const [row] = await database.rows<{ status: string; left: number }>(
      `select status, (select count(*)::int from session_peers where session_id = $1 and left_at is not null) as left
        from sessions where id = $1`,
      [sessionId],
    );
    return row!;
  };
  const allReached = (peers: HeadlessPeer[], state: 'ended' | 'joined') =>
    Promise.all(peers.map((peer) => peer.reached(state)));
  /** The client repeats a call that broke off; that would be one more kick-all. */
  const kickAllOnce = (meeting: string) =>
    stage.kit.activeSession.kickAllParticipants(meeting, stage.scope, { maxRetries: 0 }).then(
      (answer) => answer.data?.kicked_participants_count ?? null,
      () => null,
    );

  test('before the commit: nothing has happened, the session goes on and can be ended (E11, E19)', async () => {
    const { meeting, sessionId, peers } = await meetingWith('Host', 'Tom', 'Ann');
    const atCommit = proxy.hold('before commit', 'SessionEnded');
    const answer = kickAllOnce(meeting);
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    expect(await answer).toBeNull();
    expect(await statusInDatabase(sessionId)).toEqual({ status: 'LIVE', left: 0 });
    await stage.parley.start();

    await allReached(peers, 'joined');
    expect((await stage.activeSession(meeting))?.id).toBe(sessionId);
    expect(await kickAllOnce(meeting)).toBe(3);
    await allReached(peers, 'ended');
    expect(await stage.sessionsOf(meeting)).toMatchObject([{ id: sessionId, status: 'ENDED' }]);
  });

  test('after the commit and before anybody is told: it has ended, and everybody is told (E03, E11, E12)', async () => {
    const { meeting, sessionId, peers } = await meetingWith('Host', 'Tom', 'Ann');
    const atCommit = proxy.hold('after commit', 'SessionEnded');
    peers[0]!.kickAll();
    const held = await atCommit;
    expect(await statusInDatabase(sessionId)).toEqual({ status: 'ENDED', left: 3 });
    expect(peers.map(({ state }) => state)).toEqual(['joined', 'joined', 'joined']);
    await stage.parley.kill();
    held.break();
    await stage.parley.start();

    await allReached(peers, 'ended');
    expect(await stage.activeSession(meeting)).toBeNull();
    expect(await stage.sessionsOf(meeting)).toMatchObject([{ id: sessionId, status: 'ENDED' }]);
  });

  test('a kick that was committed and told to nobody: one is out, the others go on (K27, K28)', async () => {
    const { meeting, sessionId, peers } = await meetingWith('Host', 'Tom', 'Ann');
    const [host, tom, ann] = peers as [HeadlessPeer, HeadlessPeer, HeadlessPeer];
    const atCommit = proxy.hold('after commit', 'PeerLeft');
    host.kick(tom.peerId);
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    await stage.parley.start();

    await tom.reached('kicked');
    await Promise.all([host, ann].map((peer) => isBackIn(peer, sessionId)));
    expect(await stage.activeSession(meeting)).toMatchObject({ id: sessionId, live_participants: 2 });
    host.kickAll();
    await allReached([host, ann], 'ended');
  });

  test('when the first socket has got message 31: nobody stays behind (E11, E12)', async () => {
    const { meeting, sessionId, peers } = await meetingWith('Host', ...Array(20).fill('Guest'));
    const first = Promise.race(peers.map((peer) => peer.reached('ended')));
    peers[0]!.kickAll();
    await first;
    await stage.parley.kill();
    await stage.parley.start();
    await allReached(peers, 'ended');
    expect(await stage.sessionsOf(meeting)).toMatchObject([{ id: sessionId, status: 'ENDED' }]);
  });

  test('when the first webhook has arrived: the others follow (E19, WB07)', async () => {
    const { meeting, sessionId, peers } = await meetingWith('Host', ...Array(10).fill('Guest'));
    const firstLeft = receiver.sawEvent(meeting, 'meeting.participantLeft');
    peers[0]!.kickAll();
    await firstLeft;
    await stage.parley.kill();
    await stage.parley.start();
    await allReached(peers, 'ended');
    expect((await stage.session(sessionId)).status).toBe('ENDED');
  });

  test(`at moments that seed ${SEED} picks, while people join and two callers end it (C09, E11, E22)`, async () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < RANDOM_ROUNDS; round++) {
      const { meeting, peers } = await meetingWith('Host', 'Tom');
      const invited = await Promise.all(
        Array.from({ length: 8 }, (_, index) => stage.invite(meeting, `Joining ${index}`)),
      );
      const joining = invited.map(async (participant) => {
        const peer = stage.peer(participant, { reconnect: COMES_BACK });
        peers.push(peer);
        await peer.connect();
        await peer.join();
      });
      const underWay = Promise.allSettled([...joining, kickAllOnce(meeting), kickAllOnce(meeting)]);
      peers[0]!.kickAll();
      await sleep(random() * LONGEST_DELAY_MS);
      await stage.parley.kill();
      await underWay;
      await stage.parley.start();

      // Whoever had joined is out, or comes back into the session that lives; who was only connecting starts anew.
      const settled = (peer: HeadlessPeer) => ['ended', 'joined', 'init', 'joining'].includes(peer.state);
      await until('everybody has settled', () => peers.every(settled));
      const live = await stage.activeSession(meeting);
      const back = peers.filter(({ state }) => state === 'joining' || state === 'joined');
      for (const peer of back) {
        const { room } = await peer.request(RoomEvent.getRoomInfo);
        expect(room?.roomUuid, `round ${round}`).toBe(live?.id);
      }
      await kickAllOnce(meeting);
      expect(await stage.activeSession(meeting), `round ${round}`).toBeNull();
      for (const peer of peers) peer.leave();
      const sessions = await stage.sessionsOf(meeting);
      expect(sessions.every(({ status }) => status === 'ENDED')).toBe(true);
    }
  });

  test('and of every session each event was delivered, under one id however often (E19, E20, WB07, WB11)', async () => {
    for (const meeting of meetings) {
      for (const session of await stage.sessionsOf(meeting)) {
        const peers = await stage.peersOf(session.id);
        await until(
          `the end of ${session.id} is told`,
          () =>
            receiver.arrivals.some((one) => one.sessionId === session.id && one.event === 'meeting.ended'),
          REDELIVERED_WITHIN_MS,
        );
        expectToldOnce(receiver.of(meeting), session, peers);
      }
    }
  }, 120_000);
});
