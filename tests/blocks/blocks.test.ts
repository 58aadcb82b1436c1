import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kitCall } from '../support/kit-call.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';

const JOINING_AT_ONCE = 20;
const NOT_JOINED = /^The participant is blocked from this meeting/;

describe.skipIf(!serverIsBuilt)('a participant who is blocked', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  const call = (method: string, path: string, body?: object) => kitCall(stage, method, path, body);

  const details = (token: string) =>
    fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`, {
      headers: { authorization: `Bearer ${token}` },
    });

  async function expectRefused(token: string, message: RegExp): Promise<void> {
    const response = await details(token);
    const { error } = await response.json();
    expect([response.status, error.reason]).toEqual([403, 'participant_blocked']);
    expect(error.message).toMatch(message);
    await expect(stage.rawSocket({ token })).rejects.toMatchObject({
      status: 403,
      error: { reason: 'participant_blocked', message: error.message },
    });
  }

  async function refreshed(meeting: string, participantId: string): Promise<string> {
    const path = { ...stage.scope, meeting_id: meeting };
    return (await stage.kit.meetings.refreshParticipantToken(participantId, path)).data!.token;
  }

  test('is removed with every tab, and comes back with no token until the block is lifted', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.invite(meeting, 'Tom');
    const [laptop, phone] = [await stage.enterAgain(tom), await stage.enterAgain(tom)];
    const notYetIn = await stage.rawSocket(tom);

    const { status, body } = await call('POST', `/meetings/${meeting}/blocks`, {
      participant_id: tom.id,
      reason: 'Spam',
      expires_at: '2999-01-01T00:00:00Z',
    });
    expect(status).toBe(201);
    await Promise.all([laptop.reached('kicked'), phone.reached('kicked')]);
    expect(await notYetIn.closed).toMatchObject({ code: 1000 });
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 1 });
    const why = /^The participant is blocked from this meeting until 2999-01-01T00:00:00\.000Z: Spam$/;
    for (const token of [tom.token, await refreshed(meeting, tom.id)]) await expectRefused(token, why);
    expect(host.state).toBe('joined');

    await call('DELETE', `/meetings/${meeting}/blocks/${body.data.id}`);
    expect((await stage.enterAgain(tom)).state).toBe('joined');
  });

  test('by the custom id stays out as a participant that is added later', async () => {
    const meeting = await stage.backend.newMeeting();
    const tom = await stage.enter(meeting, 'Tom');
    const lookingIn = await stage.rawSocket(await stage.invite(meeting, 'Tom'));
    await call('POST', `/meetings/${meeting}/blocks`, { custom_participant_id: 'custom-Tom' });
    await tom.reached('kicked');
    await lookingIn.closed;
    await expectRefused(
      (await stage.invite(meeting, 'Tom')).token,
      /^The participant is blocked from this meeting$/,
    );
    expect((await stage.enter(meeting, 'Ann')).state).toBe('joined');
  });

  test('in the whole app is removed from every meeting', async () => {
    const meetings = [await stage.backend.newMeeting(), await stage.backend.newMeeting()];
    const everywhere = await Promise.all(meetings.map((meeting) => stage.enter(meeting, 'Eve')));
    const { body } = await call('POST', '/blocks', { custom_participant_id: 'custom-Eve' });
    await Promise.all(everywhere.map((peer) => peer.reached('kicked')));
    const third = await stage.invite(await stage.backend.newMeeting(), 'Eve');
    await expectRefused(third.token, /^The participant is blocked from the meetings of this app$/);
    await call('DELETE', `/blocks/${body.data.id}`);
    expect((await stage.enterAgain(third)).state).toBe('joined');
  });

  test('by a kick does not come back, and a kick without it is no block (X06)', async () => {
    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Mary');
    const [tom, ann] = [await stage.invite(meeting, 'Tom'), await stage.invite(meeting, 'Ann')];
    const [tomIn, annIn] = [await stage.enterAgain(tom), await stage.enterAgain(ann)];
    const kick = `/meetings/${meeting}/active-session/kick`;
    const { body } = await call('POST', kick, {
      participant_ids: [tom.id],
      block: true,
      block_reason: 'Noise',
    });
    expect(body.data).toMatchObject({ action: 'kick', participants: [{ id: tom.id }] });
    await call('POST', kick, { participant_ids: [ann.id] });
    await Promise.all([tomIn.reached('kicked'), annIn.reached('kicked')]);
    await expectRefused(tom.token, /: Noise$/);
    expect((await stage.enterAgain(ann)).state).toBe('joined');
  });

  test('slips in with no join on its way', async () => {
    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Mary');
    const tom = await stage.invite(meeting, 'Tom');
    const sockets = await Promise.all(Array.from({ length: JOINING_AT_ONCE }, () => stage.rawSocket(tom)));
    const answers = sockets.map((socket) =>
      Promise.race([socket.join('Tom'), socket.closed.then(() => 'closed')]),
    );
    await call('POST', `/meetings/${meeting}/blocks`, { participant_id: tom.id });
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 1 });
    for (const answer of await Promise.all(answers)) {
      if (answer !== null && answer !== 'closed') expect(answer).toMatch(NOT_JOINED);
    }
    await Promise.all(sockets.map((socket) => socket.closed));
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 1 });
  });

  test('stays out after the server was killed', async () => {
    const meeting = await stage.backend.newMeeting();
    const tom = await stage.invite(meeting, 'Tom');
    await stage.enterAgain(tom);
    await call('POST', `/meetings/${meeting}/blocks`, { participant_id: tom.id });
    await stage.parley.kill();
    await stage.parley.start();
    await expectRefused(tom.token, NOT_JOINED);
  });
});
