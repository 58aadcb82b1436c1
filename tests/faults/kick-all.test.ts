import { setTimeout as sleep } from 'node:timers/promises';
import type { HeadlessPeer } from '@parley/headless';
import { RoomEvent } from '@parley/wire';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { PostgresProcesses } from '../support/postgres-processes.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { expectToldOnce } from './books.js';
import { seededRandom } from './random.js';

const JOINING = 50;
/** Of these, 2, 10, 12 and 16 have once held up the last webhook. */
const SEEDS = [1, 2, 10, 12, 16];
const PAUSE_MS = 3_000;

describe.skipIf(!serverIsBuilt)('kick-all at a bad moment', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  let postgres: PostgresProcesses;
  beforeAll(async () => {
    stage = await startSessionStage();
    postgres = new PostgresProcesses(stage.parley.dataDir);
    receiver = await startReceiver(stage.backend);
  });
  afterEach(() => postgres.resume());
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  /** Peers that are connected and have not joined. */
  async function connected(meeting: string, count: number): Promise<HeadlessPeer[]> {
    const invited = await Promise.all(
      Array.from({ length: count }, (_, index) => stage.invite(meeting, `Guest ${index}`)),
    );
    const peers = invited.map((participant) => stage.peer(participant));
    await Promise.all(peers.map((peer) => peer.connect()));
    return peers;
  }

  /** Who is in is in the session that is live, and nobody is between in and out. */
  async function expectInOrOut(meeting: string, peers: HeadlessPeer[]): Promise<void> {
    const live = await stage.activeSession(meeting);
    for (const peer of peers) {
      expect(['ended', 'joined']).toContain(peer.state);
      if (peer.state !== 'joined') continue;
      const { room } = await peer.request(RoomEvent.getRoomInfo);
      expect(room?.roomUuid).toBe(live?.id);
    }
    const inside = peers.filter(({ state }) => state === 'joined').length;
    expect(live?.live_participants ?? 0).toBe(inside);
  }

  async function expectBooksInOrder(meeting: string): Promise<void> {
    for (const session of await stage.sessionsOf(meeting)) {
      await until('the end is told', () =>
        receiver.arrivals.some((one) => one.sessionId === session.id && one.event === 'meeting.ended'),
      );
      expectToldOnce(receiver.of(meeting), session, await stage.peersOf(session.id));
    }
  }

  test.each(SEEDS)(
    'while 50 join, by two backends and the host at once, seed %i (C09, E11, E13, E15, E19, E22, K28)',
    async (seed) => {
      const random = seededRandom(seed);
      const meeting = await stage.backend.newMeeting();
      const host = await stage.enter(meeting, 'Mary', 'group_call_host');
      const { id: first } = (await stage.activeSession(meeting))!;
      const peers = await connected(meeting, JOINING);
      const joining = peers.map(async (peer) => {
        await sleep(random() * 100);
        await peer.join();
      });
      const underWay = Promise.allSettled(joining);
      await sleep(random() * 100);
      host.kickAll();
      const answers = await Promise.allSettled([
        stage.backend.kickAll(meeting),
        stage.backend.kickAll(meeting),
      ]);
      for (const answer of answers) {
        if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ status: 404 });
      }
      await host.reached('ended');
      await underWay;
      await expectInOrOut(meeting, peers);
      expect((await stage.session(first)).status).toBe('ENDED');

      await stage.backend.kickAll(meeting).catch(() => undefined);
      await Promise.all(peers.map((peer) => peer.reached('ended')));
      expect(await stage.activeSession(meeting)).toBeNull();
      await expectBooksInOrder(meeting);
    },
  );

  test('with the database stopped for 3 s: nobody is told before it is written, then everybody (E03, E11, E19)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const peers = await connected(meeting, 10);
    await Promise.all(peers.slice(0, 5).map((peer) => peer.join()));
    const { id } = (await stage.activeSession(meeting))!;

    postgres.pause();
    host.kickAll();
    const answer = stage.backend.kickAll(meeting).then(
      () => 'ended',
      (error: { status?: number }) => error.status,
    );
    const late = Promise.allSettled(peers.slice(5).map((peer) => peer.join()));
    await sleep(PAUSE_MS);
    expect([host, ...peers.slice(0, 5)].every(({ state }) => state === 'joined')).toBe(true);
    postgres.resume();

    await Promise.all([host, ...peers.slice(0, 5)].map((peer) => peer.reached('ended')));
    expect(['ended', 404]).toContain(await answer);
    await late;
    await expectInOrOut(meeting, peers);
    expect((await stage.session(id)).status).toBe('ENDED');
    await stage.backend.kickAll(meeting).catch(() => undefined);
    await expectBooksInOrder(meeting);
  });

  test('what is asked while the database is stopped is answered when it goes on, and meetings with nothing to write do not notice (E11)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [mary, tom] = [await stage.enter(meeting, 'Mary'), await stage.enter(meeting, 'Tom')];
    const waiting = await stage.invite(meeting, 'Ann');
    postgres.pause();
    const message = tom.next(RoomEvent.broadcastMessage);
    mary.send(RoomEvent.broadcastMessage, {
      type: 'wave',
      payload: Buffer.from('{"hand":"left"}'),
      timestamp: 0,
      ids: [],
      broadcastType: 0,
    });
    expect((await message).type).toBe('wave');
    const entering = stage.enterAgain(waiting);
    const created = stage.backend.newMeeting();
    await sleep(500);
    postgres.resume();
    expect((await entering).state).toBe('joined');
    expect(await created).toMatch(/^[0-9a-f-]{36}$/);
  });
});
