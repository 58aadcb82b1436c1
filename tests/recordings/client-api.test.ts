import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestParticipant } from '../support/backend.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type RecordingStage, startRecordingStage } from './stage.js';

describe.skipIf(!serverIsBuilt)("recordings with a participant's token", () => {
  let stage: RecordingStage;
  beforeAll(async () => {
    stage = await startRecordingStage();
  });
  afterAll(() => stage?.dispose());

  async function call(who: TestParticipant, method: string, path: string, body?: object) {
    const response = await fetch(`${stage.parley.httpUrl}/v2/recordings${path}`, {
      method,
      headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const { data, error } = await response.json();
    return { status: response.status, data, error };
  }

  test('are started and stopped by who may record and is in the session, and by nobody else (R06, RC07, RC12, RC13)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [mary, tom, ann] = await Promise.all([
      stage.invite(meeting, 'Mary', 'group_call_host'),
      stage.invite(meeting, 'Tom', 'group_call_participant'),
      stage.invite(meeting, 'Ann', 'group_call_host'),
    ]);
    await stage.enterAgain(mary!);
    await stage.enterAgain(tom!);
    // As the SDK sends it, with the defaults that the app gave to it.
    const body = {
      meeting_id: meeting,
      allow_multiple_recordings: false,
      file_name_prefix: 'own',
      video_config: { height: 480, width: 640, codec: 'H264' },
    };
    expect(await call(tom!, 'POST', '', body)).toMatchObject({ status: 403 });
    expect(await call(ann!, 'POST', '', body)).toMatchObject({ status: 403 });
    const other = { ...body, meeting_id: await stage.backend.newMeeting() };
    expect(await call(mary!, 'POST', '', other)).toMatchObject({ status: 403 });
    expect(await call(mary!, 'POST', '', { ...body, codec: 'H264' })).toMatchObject({ status: 400 });

    const { status, data } = await call(mary!, 'POST', '', body);
    expect(status).toBe(200);
    expect(await call(mary!, 'POST', '', body)).toMatchObject({ status: 409 });
    const { id } = data;
    await stage.reached(id, 'RECORDING');
    expect(await call(tom!, 'GET', `/active-recording/${meeting}`)).toMatchObject({
      status: 200,
      data: { id, status: 'RECORDING' },
    });
    expect(await call(tom!, 'PUT', `/${id}`, { action: 'stop' })).toMatchObject({ status: 403 });
    expect(await call(mary!, 'PUT', `/${id}`, { action: 'end' })).toMatchObject({ status: 400 });
    for (const [action, state] of [
      ['pause', 'PAUSED'],
      ['resume', 'RECORDING'],
      ['stop', 'UPLOADING'],
    ]) {
      expect(await call(mary!, 'PUT', `/${id}`, { action })).toMatchObject({
        status: 200,
        data: { id, status: state },
      });
    }
    const caller = { type: 'USER', user_Id: mary!.id, name: 'Mary' };
    expect(await stage.reached(id, 'UPLOADED')).toMatchObject({
      start_reason: { reason: 'API_CALL', caller },
      stop_reason: { reason: 'API_CALL', caller },
    });
  });
});
