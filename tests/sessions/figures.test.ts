import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Session, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

/** Answers have four decimals. */
const ROUNDING_MINUTES = 0.0002;

describe.skipIf(!serverIsBuilt)('what the API tells of a session that people come to and leave', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  const counted = (meeting: string, live: number): Promise<Session> =>
    until(`${live} are counted`, async () => {
      const session = await stage.activeSession(meeting);
      return session?.live_participants === live && session;
    });
  const minutesBetween = (from: string | undefined, to: string | undefined) =>
    (Date.parse(to!) - Date.parse(from!)) / 60_000;

  test('the present number, the peak and the minutes follow those who are in (L08, V13, E03)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [mary, tom] = [await stage.enter(meeting, 'Mary'), await stage.enter(meeting, 'Tom')];
    expect(await counted(meeting, 2)).toMatchObject({ max_concurrent_participants: 2 });
    tom.leave();
    expect(await counted(meeting, 1)).toMatchObject({ max_concurrent_participants: 2 });
    await stage.enter(meeting, 'Ann');
    await stage.enter(meeting, 'Bob');
    const live = await counted(meeting, 3);
    expect(live).toMatchObject({ max_concurrent_participants: 3 });
    expect((await stage.session(live.id)).live_participants).toBe(3);
    await until('minutes go on', async () => {
      return (await stage.activeSession(meeting))!.minutes_consumed! > live.minutes_consumed!;
    });

    await stage.backend.kickAll(meeting);
    expect(mary.state).not.toBe('init');
    const session = await stage.session(live.id);
    expect(session).toMatchObject({ status: 'ENDED', live_participants: 0, max_concurrent_participants: 3 });
    const peers = await stage.peersOf(live.id);
    expect(peers.map(({ display_name }) => display_name)).toEqual(['Mary', 'Tom', 'Ann', 'Bob']);
    let sum = 0;
    for (const peer of peers) {
      expect(peer.duration).toBeCloseTo(minutesBetween(peer.joined_at, peer.left_at), 3);
      sum += peer.duration!;
    }
    expect(Math.abs(session.minutes_consumed! - sum)).toBeLessThan(peers.length * ROUNDING_MINUTES);
    for (const name of ['Mary', 'Ann', 'Bob']) {
      expect(peers.find((peer) => peer.display_name === name)!.left_at).toBe(session.ended_at);
    }
  });

  test('a peer that leaves and comes back is counted for the time it was in, once (L04, L08, RE07)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.invite(meeting, 'Mary');
    const peerId = randomUUID();
    const first = await stage.enterAgain(mary, { peerId });
    first.leave();
    const { id } = await counted(meeting, 0);
    const absentFrom = (await stage.session(id)).minutes_consumed!;
    const second = await stage.enterAgain(mary, { peerId });
    const back = await counted(meeting, 1);
    const sinceStart = minutesBetween(back.started_at, new Date().toISOString());
    expect(back.minutes_consumed).toBeGreaterThanOrEqual(absentFrom);
    expect(back.minutes_consumed).toBeLessThanOrEqual(sinceStart + ROUNDING_MINUTES);
    second.leave();
    await counted(meeting, 0);
    await stage.backend.kickAll(meeting);

    const session = await stage.session(id);
    const peers = await stage.peersOf(id);
    expect(peers).toHaveLength(1);
    const [row] = peers;
    expect(Math.abs(row!.duration! - session.minutes_consumed!)).toBeLessThan(ROUNDING_MINUTES);
    expect(row!.duration!).toBeLessThan(minutesBetween(row!.joined_at, row!.left_at));
    expect(session.max_concurrent_participants).toBe(1);
    const { data } = await stage.kit.sessions.getSessionParticipants(id, {
      ...stage.scope,
      include_peer_events: true,
    });
    const events = data!.participants![0]!.peer_events!;
    expect(events.map(({ event_name }) => event_name)).toEqual([
      'PEER_CREATED',
      'PEER_JOINING',
      'PEER_LEAVING',
      'PEER_CREATED',
      'PEER_JOINING',
      'PEER_LEAVING',
    ]);
    const booked = events.reduce((minutes, event) => minutes + (event.minutes_consumed ?? 0), 0);
    expect(Math.abs(booked - session.minutes_consumed!)).toBeLessThan(2 * ROUNDING_MINUTES);
  });

  test('sessions are found by status, meeting, size, title and order (C10, L06, RE04, RE06)', async () => {
    const { scope, kit } = stage;
    const title = `Course ${randomUUID()}`;
    const meeting = await stage.backend.newMeeting({ title });
    const sizes = [1, 3, 2];
    for (const size of sizes) {
      for (let guest = 0; guest < size; guest++) await stage.enter(meeting, `Guest ${guest}`);
      if (size !== sizes.at(-1)) await stage.backend.kickAll(meeting);
    }
    const find = async (filter: Parameters<typeof kit.sessions.getSessions>[1] | object) => {
      const answer = await kit.sessions.getSessions(scope.app_id, {
        account_id: scope.account_id,
        associated_id: meeting,
        ...filter,
      });
      return answer.data!.sessions!;
    };
    const sizesOf = async (filter: object) =>
      (await find(filter)).map(({ max_concurrent_participants }) => max_concurrent_participants);

    expect(await sizesOf({})).toEqual([2, 3, 1]);
    expect(await sizesOf({ sort_by: 'createdAt', sort_order: 'ASC' })).toEqual([1, 3, 2]);
    expect(await sizesOf({ status: 'ENDED' })).toEqual([3, 1]);
    expect(await sizesOf({ status: 'LIVE' })).toEqual([2]);
    expect(await sizesOf({ participants: '2:3' })).toEqual([2, 3]);
    expect(await sizesOf({ associated_id: undefined, search: title })).toEqual([2, 3, 1]);
    expect(await sizesOf({ associated_id: undefined, search: meeting })).toEqual([2, 3, 1]);
    const [live] = await find({ status: 'LIVE' });
    expect((await find({ associated_id: undefined, search: live!.id })).map(({ id }) => id)).toEqual([
      live!.id,
    ]);
    const byMinutes = await find({ sort_by: 'minutesConsumed', sort_order: 'ASC', status: 'ENDED' });
    expect(byMinutes[0]!.minutes_consumed).toBeLessThanOrEqual(byMinutes[1]!.minutes_consumed!);
    expect(await sizesOf({ per_page: 2, page_no: 1 })).toEqual([2, 3]);
    expect(await sizesOf({ per_page: 2, page_no: 2 })).toEqual([1]);
  });
});
