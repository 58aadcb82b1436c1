import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kitCall } from '../support/kit-call.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';

const LOCKED = 'The meeting is locked';
const FULL = 'The session holds too many peers';
const JOINING_AT_ONCE = 10;

describe.skipIf(!serverIsBuilt)('the doors of a meeting', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  const change = async (meeting: string, body: object) => {
    const { status, body: answer } = await kitCall(stage, 'PATCH', `/meetings/${meeting}`, body);
    expect(status).toBe(200);
    return answer.data;
  };

  const details = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`, { headers });
    return [response.status, (await response.json()).error?.reason];
  };

  test('locked, they let in only who is in the session', async () => {
    const meeting = await stage.backend.newMeeting();
    const [mary, tom] = [await stage.invite(meeting, 'Mary'), await stage.invite(meeting, 'Tom')];
    const inside = await stage.enterAgain(mary, { reconnect: COMES_BACK });
    const notYetIn = await stage.rawSocket(tom);
    expect(await change(meeting, { locked: true })).toMatchObject({ locked: true });

    expect(await notYetIn.join('Tom')).toBe(LOCKED);
    expect(await details(tom.token)).toEqual([403, 'meeting_locked']);
    await expect(stage.rawSocket(tom)).rejects.toMatchObject({
      status: 403,
      error: { reason: 'meeting_locked', message: LOCKED },
    });
    expect(await details(mary.token)).toEqual([200, undefined]);
    inside.drop();
    await inside.reached('disconnected');
    await inside.reached('joined');
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 1 });

    await change(meeting, { locked: false });
    expect(await notYetIn.join('Tom')).toBeNull();
  });

  test('locked, they stay so after a kill, and who was in comes back', async () => {
    const meeting = await stage.backend.newMeeting();
    const inside = await stage.enter(meeting, 'Mary', 'group_call_host', { reconnect: COMES_BACK });
    const tom = await stage.invite(meeting, 'Tom');
    await change(meeting, { locked: true });
    await stage.parley.kill();
    await inside.reached('disconnected');
    await stage.parley.start();
    await inside.reached('joined');
    expect(await details(tom.token)).toEqual([403, 'meeting_locked']);
  });

  test('locked, they turn away who waits', async () => {
    const meeting = await stage.backend.newMeeting();
    await stage.backend.newPreset('must_wait', 'group_call_participant', {
      waiting_room_type: 'SKIP_ON_ACCEPT',
    });
    await stage.enter(meeting, 'Mary', 'group_call_host');
    const waiting = await stage.enter(meeting, 'Tom', 'must_wait');
    expect(waiting.state).toBe('waitlisted');
    await change(meeting, { locked: true });
    await waiting.reached('rejected');
  });

  test('let in no more than max_participants, also of those who come at once', async () => {
    const meeting = await stage.backend.newMeeting();
    expect(await change(meeting, { max_participants: 3 })).toMatchObject({ max_participants: 3 });
    const sockets = await Promise.all(
      Array.from({ length: JOINING_AT_ONCE }, async (_, index) =>
        stage.rawSocket(await stage.invite(meeting, `peer ${index}`)),
      ),
    );
    const answers = await Promise.all(sockets.map((socket) => socket.join()));
    expect(answers.filter((answer) => answer === null)).toHaveLength(3);
    expect(answers.filter((answer) => answer === FULL)).toHaveLength(JOINING_AT_ONCE - 3);
    await change(meeting, { max_participants: null });
    const refused = sockets[answers.indexOf(FULL)]!;
    expect(await refused.join()).toBeNull();
  });
});
