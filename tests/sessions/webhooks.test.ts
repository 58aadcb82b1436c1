import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe.skipIf(!serverIsBuilt)('what a backend hears of a whole life of a session', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await startSessionStage();
    receiver = await startReceiver(stage.backend);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  test('join, leave, return, a lost socket, a kick, the end by a host: each told once, in order (E17-E20, E22, L01, L04, L10, WP01-WP04, WB16, Q22)', async () => {
    const { backend } = stage;
    const meeting = await backend.newMeeting({ title: 'Physics' });
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const invited = await stage.invite(meeting, 'Tom');
    const tom = await stage.enterAgain(invited);
    tom.leave();
    await receiver.sawEvent(meeting, 'meeting.participantLeft');
    const tomAgain = await stage.enterAgain(invited);
    const ann = await stage.enter(meeting, 'Ann', 'group_call_participant', {
      reconnect: { attempts: 50, firstDelayMs: 1, maxDelayMs: 50 },
    });
    ann.drop();
    await ann.reached('disconnected');
    await ann.reached('joined');
    host.kick(tomAgain.peerId);
    await tomAgain.reached('kicked');
    const { id: sessionId } = (await stage.activeSession(meeting))!;
    host.kickAll();
    await ann.reached('ended');

    const first = await receiver.meetingEnded(meeting);
    expect(first.map(({ event, peerId }) => [event, peerId])).toEqual([
      ['meeting.started', undefined],
      ['meeting.participantJoined', host.peerId],
      ['meeting.participantJoined', tom.peerId],
      ['meeting.participantLeft', tom.peerId],
      ['meeting.participantJoined', tomAgain.peerId],
      ['meeting.participantJoined', ann.peerId],
      ['meeting.participantLeft', tomAgain.peerId],
      ['meeting.participantLeft', host.peerId],
      ['meeting.participantLeft', ann.peerId],
      ['meeting.ended', undefined],
    ]);
    expect(new Set(first.map((arrival) => arrival.sessionId))).toEqual(new Set([sessionId]));

    const session = await stage.session(sessionId);
    const bodies = first.map(({ body }) => JSON.parse(body.toString()));
    const { organizedBy } = bodies[0].meeting;
    expect(organizedBy).toEqual({ id: stage.scope.app_id, name: expect.any(String) });
    const meetingFields = {
      id: meeting,
      sessionId,
      title: 'Physics',
      roomName: meeting,
      status: 'LIVE',
      createdAt: session.started_at,
      startedAt: session.started_at,
      organizedBy,
    };
    const participant = {
      peerId: tom.peerId,
      userDisplayName: 'Tom',
      customParticipantId: 'custom-Tom',
      clientSpecificId: 'custom-Tom',
      joinedAt: TIME,
    };
    expect(bodies[0]).toEqual({ event: 'meeting.started', meeting: meetingFields });
    expect(bodies[2]).toEqual({ event: 'meeting.participantJoined', meeting: meetingFields, participant });
    expect(bodies[3]).toEqual({
      event: 'meeting.participantLeft',
      meeting: meetingFields,
      participant: { ...participant, leftAt: TIME },
    });
    const endedFields = { ...meetingFields, endedAt: session.ended_at };
    expect(bodies[8]).toEqual({
      event: 'meeting.participantLeft',
      meeting: endedFields,
      participant: {
        peerId: ann.peerId,
        userDisplayName: 'Ann',
        customParticipantId: 'custom-Ann',
        clientSpecificId: 'custom-Ann',
        joinedAt: TIME,
        leftAt: session.ended_at,
      },
    });
    expect(bodies[9]).toEqual({
      event: 'meeting.ended',
      meeting: endedFields,
      reason: 'HOST_ENDED_MEETING',
    });
  });

  test('a session that nobody comes back to ends with the other reason; nobody who waits is told of (L02, L10, W10, WP02)', async () => {
    const { backend } = stage;
    await backend.newPreset('waits unheard', 'group_call_participant', {
      waiting_room_type: 'SKIP_ON_ACCEPT',
    });
    const meeting = await backend.newMeeting({ session_keep_alive_time_in_secs: 1 });
    const waiting = await stage.enter(meeting, 'Eve', 'waits unheard');
    const mary = await stage.enter(meeting, 'Mary');
    mary.leave();
    const arrivals = await receiver.meetingEnded(meeting);
    expect(arrivals.map(({ event, reason }) => [event, reason])).toEqual([
      ['meeting.started', undefined],
      ['meeting.participantJoined', undefined],
      ['meeting.participantLeft', undefined],
      ['meeting.ended', 'ALL_PARTICIPANTS_LEFT'],
    ]);
    expect(waiting.state).toBe('waitlisted');
    await until('no session is left', async () => (await stage.activeSession(meeting)) === null);
  });
});
