import { RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const JOINING_AT_ONCE = 50;

describe.skipIf(!serverIsBuilt)('the life of a session', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  const ended = (meeting: string) =>
    until('the session has ended', async () => (await stage.activeSession(meeting)) === null);
  const liveParticipants = (meeting: string, count: number) =>
    until(`${count} are counted`, async () => {
      const session = await stage.activeSession(meeting);
      return session?.live_participants === count && session;
    });

  test('there is none before the first join, and one after it (C05, C08, L01, L09)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = stage.peer(await stage.invite(meeting, 'Mary'));
    await mary.connect();
    expect(await stage.activeSession(meeting)).toBeNull();
    expect(await stage.sessionsOf(meeting)).toEqual([]);

    await mary.join();
    const session = await stage.activeSession(meeting);
    expect(session).toMatchObject({ associated_id: meeting, status: 'LIVE' });
    expect((await stage.sessionsOf(meeting)).map(({ id }) => id)).toEqual([session!.id]);
  });

  test('it is described in full, with the meeting’s title as it was at the start (C11, L07, L08)', async () => {
    const meeting = await stage.backend.newMeeting({ title: 'Algebra' });
    await stage.enter(meeting, 'Mary');
    await stage.kit.meetings.updateMeetingByID(meeting, { ...stage.scope, title: 'Geometry' });
    expect(await stage.activeSession(meeting)).toEqual({
      id: expect.stringMatching(UUID),
      associated_id: meeting,
      meeting_display_name: 'Algebra',
      organization_id: stage.scope.app_id,
      type: 'meeting',
      status: 'LIVE',
      live_participants: 1,
      max_concurrent_participants: 1,
      minutes_consumed: expect.any(Number),
      started_at: expect.stringMatching(ISO),
      created_at: expect.stringMatching(ISO),
      updated_at: expect.stringMatching(ISO),
    });
  });

  test('fifty who join at once are in the same one (C09)', async () => {
    const meeting = await stage.backend.newMeeting();
    const invited = await Promise.all(
      Array.from({ length: JOINING_AT_ONCE }, (_, index) => stage.invite(meeting, `peer ${index}`)),
    );
    const peers = invited.map((participant) => stage.peer(participant, { roster: true }));
    await Promise.all(peers.map((peer) => peer.connect()));
    await Promise.all(peers.map((peer) => peer.join()));

    const sessions = await stage.sessionsOf(meeting);
    expect(sessions).toHaveLength(1);
    expect(sessions[0]).toMatchObject({
      live_participants: JOINING_AT_ONCE,
      max_concurrent_participants: JOINING_AT_ONCE,
    });
    for (const peer of peers) {
      const { room } = await peer.request(RoomEvent.getRoomInfo);
      expect(room?.roomUuid).toBe(sessions[0]!.id);
      await until('everybody sees everybody', () => peer.roster?.size === JOINING_AT_ONCE - 1);
    }
  });

  test('leaving takes only the caller out, and the session lives on (E04, E05)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host', { roster: true });
    const tom = await stage.enter(meeting, 'Tom');
    await until('Mary sees Tom', () => mary.roster?.has(tom.peerId));
    const { id } = (await stage.activeSession(meeting))!;
    tom.leave();

    await until('Mary sees that Tom has left', () => !mary.roster?.has(tom.peerId));
    expect(mary.state).toBe('joined');
    expect(await liveParticipants(meeting, 1)).toMatchObject({ id, status: 'LIVE' });
  });

  test('who leaves and comes back within the keep-alive time is in the same one (L03, L04, L06, OQ21)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 60 });
    const mary = await stage.invite(meeting, 'Mary');
    const before = await stage.enterAgain(mary);
    before.leave();
    const empty = await liveParticipants(meeting, 0);
    expect(empty.status).toBe('LIVE');
    const filtered = await stage.kit.sessions.getSessions(stage.scope.app_id, {
      account_id: stage.scope.account_id,
      associated_id: meeting,
      status: 'ENDED',
    });
    expect(filtered.data?.sessions).toEqual([]);

    const after = await stage.enterAgain(mary);
    expect((await stage.activeSession(meeting))?.id).toBe(empty.id);
    expect(after.participantId).toBe(before.participantId);
    expect(after.peerId).not.toBe(before.peerId);
  });

  test('it ends when nobody has come back in that time, and not before (L02, L03)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 2 });
    const mary = await stage.enter(meeting, 'Mary');
    const { id } = (await stage.activeSession(meeting))!;
    mary.leave();
    await ended(meeting);
    const session = await stage.session(id);
    const [row] = await stage.peersOf(id);
    expect(session).toMatchObject({ status: 'ENDED', live_participants: 0, max_concurrent_participants: 1 });
    const aliveMs = Date.parse(session.ended_at!) - Date.parse(row!.left_at!);
    expect(aliveMs).toBeGreaterThanOrEqual(2000);
    expect(aliveMs).toBeLessThan(4000);
  });

  test('a keep-alive time of 0 ends it with the last leave (L03, OQ15)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 0 });
    const mary = await stage.enter(meeting, 'Mary');
    mary.leave();
    await ended(meeting);
  });

  test('the same token opens the next session, with a new peer of the same user (C10, C16, C18, SE07)', async () => {
    const meeting = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: 0 });
    const mary = await stage.invite(meeting, 'Mary');
    const first = await stage.enterAgain(mary);
    first.leave();
    await ended(meeting);
    const second = await stage.enterAgain(mary);

    const [newer, older] = await stage.sessionsOf(meeting);
    expect([newer!.status, older!.status]).toEqual(['LIVE', 'ENDED']);
    const [peersOfNewer, peersOfOlder] = [await stage.peersOf(newer!.id), await stage.peersOf(older!.id)];
    expect(peersOfNewer.map(({ id, user_id }) => [id, user_id])).toEqual([[second.peerId, mary.id]]);
    expect(peersOfOlder.map(({ id, user_id }) => [id, user_id])).toEqual([[first.peerId, mary.id]]);
  });

  test('two connections of one participant are two peers of one user (C17)', async () => {
    const meeting = await stage.backend.newMeeting();
    const tom = await stage.enter(meeting, 'Tom', 'group_call_participant', { roster: true });
    const mary = await stage.invite(meeting, 'Mary');
    const [laptop, phone] = [await stage.enterAgain(mary), await stage.enterAgain(mary)];
    await until('Tom sees both', () => tom.roster?.size === 2);
    expect([...tom.roster!.values()].map(({ peerId, userId }) => [peerId, userId])).toEqual([
      [laptop.peerId, mary.id],
      [phone.peerId, mary.id],
    ]);
    expect((await stage.activeSession(meeting))?.live_participants).toBe(3);
    phone.leave();
    await until('Tom sees one', () => tom.roster?.size === 1);
    expect(laptop.state).toBe('joined');
  });

  test('a token of one meeting opens no other, and two meetings hear nothing of each other (C12, L26)', async () => {
    const [here, there] = [await stage.backend.newMeeting(), await stage.backend.newMeeting()];
    const mary = await stage.enter(here, 'Mary', 'group_call_participant', { roster: true });
    const heard: number[] = [];
    mary.on('frame', ({ event, id }) => id === undefined && heard.push(event));
    const tom = await stage.invite(there, 'Tom');
    const refused = stage.rawSocket(tom, { query: { roomID: here } });
    await expect(refused).rejects.toMatchObject({ status: 403, error: { reason: 'other_meeting' } });

    const inside = await stage.enterAgain(tom);
    inside.chat('hello');
    inside.leave();
    await until('Tom was there', async () => (await stage.activeSession(there))?.live_participants === 0);
    expect(heard).toEqual([]);
    expect(mary.roster?.size).toBe(0);
  });
});
