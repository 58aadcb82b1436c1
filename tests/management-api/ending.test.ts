import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { failureOf, type Stage, startStage } from './stage.js';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe.skipIf(!serverIsBuilt)('the end of a session by the backend', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.dispose());

  const activeSession = async (meeting: string) =>
    (await stage.kit.activeSession.getActiveSession(meeting, stage.scope)).data!;

  test('kick-all ends this session and no other (E03, E11, E13-E15, L05, X04)', async () => {
    const { kit, scope, backend } = stage;
    const [meeting, other] = [await backend.newMeeting({ title: 'Weekly' }), await backend.newMeeting()];
    const guests = [await stage.enter(meeting, 'Mary'), await stage.enter(meeting, 'Tom')];
    const outsider = await stage.enter(other, 'Ann');
    const { id } = await activeSession(meeting);

    const answer = await kit.activeSession.kickAllParticipants(meeting, scope);
    expect(answer).toEqual({
      success: true,
      data: { action: expect.any(String), kicked_participants_count: 2 },
    });
    await Promise.all(guests.map(({ peer }) => peer.reached('ended')));
    expect(outsider.peer.state).toBe('joined');

    const { data } = await kit.sessions.getSessionDetails(id, scope);
    expect(data).toMatchObject({
      id,
      associated_id: meeting,
      meeting_display_name: 'Weekly',
      status: 'ENDED',
      live_participants: 0,
      max_concurrent_participants: 2,
      ended_at: expect.stringMatching(ISO),
    });
    expect((data as unknown as { session: object }).session).toMatchObject({ id, status: 'ENDED' });
    expect((await activeSession(other)).status).toBe('LIVE');
  });

  test('kick-all without a live session, also the second time, is 404 (X05, OQ01)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const idle = await failureOf(kit.activeSession.kickAllParticipants(meeting, scope));
    expect(idle.error).toMatchObject({
      success: false,
      error: { code: 404, message: `No active session found for meeting_id ${meeting}` },
    });
    await stage.enter(meeting, 'Mary');
    await kit.activeSession.kickAllParticipants(meeting, scope);
    expect((await failureOf(kit.activeSession.kickAllParticipants(meeting, scope))).status).toBe(404);
  });

  test('an ended session leaves the meeting ACTIVE, and a join begins a new one (E21, E22, C10)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary');
    const first = await activeSession(meeting);
    await kit.activeSession.kickAllParticipants(meeting, scope);
    expect((await kit.meetings.getMeetingByID(meeting, scope)).data?.status).toBe('ACTIVE');
    await stage.enterAgain(mary);
    const second = await activeSession(meeting);
    expect(second.id).not.toBe(first.id);
    const { data, paging } = await kit.sessions.getSessions(scope.app_id, {
      account_id: scope.account_id,
      associated_id: meeting,
    });
    expect(data?.sessions?.map(({ id, status }) => [id, status])).toEqual([
      [second.id, 'LIVE'],
      [first.id, 'ENDED'],
    ]);
    expect(paging?.total_count).toBe(2);
  });

  test('INACTIVE keeps newcomers out, those inside stay, ACTIVE lets in again (E23-E25, E28, L18, L19)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting({ title: 'Weekly' });
    const mary = await stage.enter(meeting, 'Mary');
    const late = await backend.addParticipant(meeting, 'Tom', 'group_call_participant');
    const patched = await kit.meetings.updateMeetingByID(meeting, { ...scope, status: 'INACTIVE' });
    expect(patched.data).toMatchObject({ status: 'INACTIVE', title: 'Weekly' });
    await expect(stage.enterAgain(late)).rejects.toThrow();
    expect(mary.peer.state).toBe('joined');
    expect((await activeSession(meeting)).live_participants).toBe(1);
    await kit.meetings.updateMeetingByID(meeting, { ...scope, status: 'ACTIVE' });
    expect((await stage.enterAgain(late)).state).toBe('joined');
  });

  test('a deleted participant is out and stays out (X07, X08, OQ06, SE03)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary');
    const tom = await stage.enter(meeting, 'Tom');
    const path = { ...scope, meeting_id: meeting };
    const { data } = await kit.meetings.refreshParticipantToken(mary.id, path);
    await kit.meetings.deleteMeetingParticipant(mary.id, path);
    await mary.peer.reached('kicked');
    for (const token of [mary.token, data!.token]) {
      await expect(stage.enterAgain({ token })).rejects.toThrow();
    }
    expect(tom.peer.state).toBe('joined');
  });

  test('the participants of a session can be read while it lives and afterwards (L08, RE07, SR02, SR04)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    const phone = await stage.enterAgain(mary);
    const tom = await stage.enter(meeting, 'Tom');
    tom.peer.leave();
    const session = await until('Tom has left', async () => {
      const now = await activeSession(meeting);
      return now.live_participants === 2 && now;
    });
    expect(session).toMatchObject({
      type: 'meeting',
      organization_id: scope.app_id,
      max_concurrent_participants: 3,
    });

    const { data } = await kit.sessions.getSessionParticipants(session.id, {
      ...scope,
      include_peer_events: true,
    });
    const rows = new Map(data!.participants!.map((row) => [row.id, row]));
    expect([...rows.keys()].toSorted()).toEqual([mary.peer.peerId, phone.peerId, tom.peer.peerId].toSorted());
    expect(rows.get(mary.peer.peerId)).toMatchObject({
      user_id: mary.id,
      custom_participant_id: 'custom-Mary',
      display_name: 'Mary',
      preset_name: 'group_call_host',
      joined_at: expect.stringMatching(ISO),
    });
    expect(rows.get(mary.peer.peerId)).not.toHaveProperty('left_at');
    expect(rows.get(tom.peer.peerId)?.left_at).toMatch(ISO);
    expect(rows.get(tom.peer.peerId)?.peer_events?.map(({ event_name }) => event_name)).toContain(
      'PEER_LEAVING',
    );

    const path = { ...scope, session_id: session.id };
    const one = await kit.sessions.getSessionParticipantDetails(tom.id, path);
    expect(one.data?.participant?.id).toBe(tom.peer.peerId);
    const report = await kit.sessions.getParticipantDataFromPeerID(tom.peer.peerId, scope);
    expect(report.data?.participant).toMatchObject({
      user_id: tom.id,
      peer_report: { metadata: {}, quality: {} },
    });

    const before = session.minutes_consumed;
    await until('minutes go on', async () => (await activeSession(meeting)).minutes_consumed > before);
    await kit.activeSession.kickAllParticipants(meeting, scope);
    const ended = (
      await kit.sessions.getSessionDetails(session.id, { ...scope, include_breakout_rooms: true })
    ).data!;
    const people = (await kit.sessions.getSessionParticipants(session.id, scope)).data!.participants!;
    const sum = people.reduce((minutes, { duration = 0 }) => minutes + duration, 0);
    expect(ended.minutes_consumed).toBeCloseTo(sum, 3);
    expect(people.every(({ left_at }) => left_at !== undefined)).toBe(true);
    expect(ended.breakout_rooms).toEqual([]);
  });
});
