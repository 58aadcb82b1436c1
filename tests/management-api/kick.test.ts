import Cloudflare from 'cloudflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { failureOf, type Stage, startStage } from './stage.js';

const UNKNOWN = '813432c7-3c5a-45e2-9acf-eef7061c7584';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe.skipIf(!serverIsBuilt)('kick by the backend', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.dispose());

  const liveParticipants = async (meeting: string) =>
    (await stage.kit.activeSession.getActiveSession(meeting, stage.scope)).data?.live_participants;

  test('removes those named by either id, and only those (K01-K05, K13-K22, K27, K28, X04)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary');
    const tom = await stage.enter(meeting, 'Tom');
    const ann = await stage.enter(meeting, 'Ann');
    await until('three are counted', async () => (await liveParticipants(meeting)) === 3);

    const answer = await kit.activeSession.kickParticipants(meeting, {
      ...scope,
      participant_ids: [mary.id],
      custom_participant_ids: ['custom-Tom'],
    });
    expect(answer.success).toBe(true);
    expect(typeof answer.data?.action).toBe('string');
    expect(answer.data?.participants?.map(({ id }) => id).toSorted()).toEqual([mary.id, tom.id].toSorted());
    for (const participant of answer.data!.participants!) {
      expect(participant).toMatchObject({
        created_at: expect.stringMatching(ISO),
        updated_at: expect.stringMatching(ISO),
        name: participant.id === mary.id ? 'Mary' : 'Tom',
      });
      expect(participant.email).toBeUndefined();
      expect(participant.picture).toBeUndefined();
    }
    await Promise.all([mary.peer.reached('kicked'), tom.peer.reached('kicked')]);
    expect(ann.peer.state).toBe('joined');
    const session = (await kit.activeSession.getActiveSession(meeting, scope)).data;
    expect(session).toMatchObject({ status: 'LIVE', live_participants: 1, max_concurrent_participants: 3 });
  });

  test('removes every connection of a participant, who may come back (C17, X06)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary');
    const phone = await stage.enterAgain(mary);
    const tom = await stage.enter(meeting, 'Tom');
    // Named by another spelling of the same UUID, which paths take as well.
    const answer = await kit.activeSession.kickParticipants(meeting, {
      ...scope,
      participant_ids: [mary.id.toUpperCase()],
    });
    expect(answer.data?.participants?.map(({ id }) => id)).toEqual([mary.id]);
    await Promise.all([mary.peer.reached('kicked'), phone.reached('kicked')]);
    expect((await stage.enterAgain(mary)).state).toBe('joined');
    expect(tom.peer.state).toBe('joined');
  });

  test('of somebody who is not there says who, and changes nothing (K23-K26, OQ01, OQ04)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const idle = await failureOf(
      kit.activeSession.kickParticipants(meeting, { ...scope, participant_ids: [UNKNOWN] }),
    );
    expect(idle.error).toMatchObject({
      success: false,
      error: { code: 404, message: `No active session found for meeting_id ${meeting}` },
    });

    const mary = await stage.enter(meeting, 'Mary');
    const refused = await failureOf(
      kit.activeSession.kickParticipants(meeting, { ...scope, participant_ids: [UNKNOWN] }),
    );
    expect(refused).toBeInstanceOf(Cloudflare.NotFoundError);
    expect(refused.status).toBe(404);
    expect(refused.error).toMatchObject({
      success: false,
      error: { code: 404, message: `No user found with id ${UNKNOWN}` },
    });
    expect(mary.peer.state).toBe('joined');

    const partly = await kit.activeSession.kickParticipants(meeting, {
      ...scope,
      participant_ids: [UNKNOWN, mary.id],
    });
    expect(partly.data?.participants?.map(({ id }) => id)).toEqual([mary.id]);
    await mary.peer.reached('kicked');
  });

  test('does not reach into the session of another meeting (K26, E15)', async () => {
    const { kit, scope, backend } = stage;
    const [here, there] = [await backend.newMeeting(), await backend.newMeeting()];
    const mary = await stage.enter(here, 'Mary');
    await stage.enter(there, 'Tom');
    const refused = await failureOf(
      kit.activeSession.kickParticipants(there, { ...scope, participant_ids: [mary.id] }),
    );
    expect(refused.status).toBe(404);
    expect(mary.peer.state).toBe('joined');
  });

  test('refuses wrong bodies, verbs and credentials (K01, K05-K12, OQ03)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary');
    const path = `/meetings/${meeting}/active-session/kick`;
    const post = (body: string) =>
      stage.call('POST', path, { headers: { 'content-type': 'application/json' }, body });
    for (const body of [
      '{',
      '[]',
      '{}',
      `{"participant_ids":"${mary.id}"}`,
      '{"participant_ids":[1]}',
      '{"custom_participant_ids":{}}',
      `{"participant_ids":["${mary.id}"],"reason":"x"}`,
    ]) {
      const response = await post(body);
      expect(response.status, body).toBe(400);
      expect(await response.json()).toMatchObject({ success: false, error: { code: 400 } });
    }
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      expect((await stage.call(method, path)).status).toBe(405);
    }
    for (const authorization of ['', 'Bearer nonsense', `Token ${stage.parley.apiToken}`]) {
      const init = { headers: { authorization, 'content-type': 'application/json' }, body: '{}' };
      expect((await stage.call('POST', path, init)).status).toBe(401);
    }
    expect(mary.peer.state).toBe('joined');
  });
});
