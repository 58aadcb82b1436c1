import { RoomEvent, toClient } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestParticipant } from '../support/backend.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type LivestreamStage, startLivestreamStage } from './stage.js';

describe.skipIf(!serverIsBuilt)("a livestream with a participant's token", () => {
  let stage: LivestreamStage;
  beforeAll(async () => {
    stage = await startLivestreamStage({ PARLEY_WEBHOOK_STREAM_KEY: '0' });
  });
  afterAll(() => stage?.dispose());

  async function call(who: TestParticipant, method: string, meeting: string, path: string, body?: object) {
    const response = await fetch(`${stage.parley.httpUrl}/v2/meetings/${meeting}/${path}`, {
      method,
      headers: { authorization: `Bearer ${who.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const { data, error } = await response.json();
    return { status: response.status, data, error };
  }

  test('is started and stopped by who may livestream and is in the session, watched by all, and told to all (R07, LS07, S23, S27, Q26)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [mary, tom, ann] = await Promise.all([
      stage.invite(meeting, 'Mary', 'livestream_host'),
      stage.invite(meeting, 'Tom', 'livestream_viewer'),
      stage.invite(meeting, 'Ann', 'livestream_host'),
    ]);
    await stage.enterAgain(mary!);
    const socket = await stage.rawSocket(tom!);
    await socket.join('Tom');
    const start = (who: TestParticipant, body: object = { manual_ingest: false }) =>
      call(who, 'POST', meeting, 'livestreams', body);
    const stop = (who: TestParticipant) => call(who, 'POST', meeting, 'active-livestream/stop');
    const active = (who: TestParticipant) => call(who, 'GET', meeting, 'active-livestream');

    expect(await active(tom!)).toMatchObject({ status: 404 });
    expect(await start(tom!)).toMatchObject({ status: 403 });
    expect(await start(ann!)).toMatchObject({ status: 403 });
    const other = await stage.backend.newMeeting();
    expect(await call(mary!, 'POST', other, 'livestreams', {})).toMatchObject({ status: 403 });
    expect(await start(mary!, { manual_ingest: 'yes' })).toMatchObject({ status: 400 });
    expect(await start(mary!, { manual_ingest: true })).toMatchObject({ status: 503 });
    expect(await stop(mary!)).toMatchObject({ status: 404 });

    const { status, data } = await start(mary!);
    expect(status).toBe(201);
    expect(data).toMatchObject({ status: 'INVOKED', manual_ingest: false });
    expect(data).not.toHaveProperty('stream_key');
    expect(await start(mary!)).toMatchObject({ status: 409 });
    await stage.reached(data.id, 'LIVE');
    expect(await active(tom!)).toMatchObject({
      status: 200,
      data: { id: data.id, status: 'LIVE', playback_url: data.playback_url, manual_ingest: false },
    });
    expect(await stop(tom!)).toMatchObject({ status: 403 });
    expect(await stop(mary!)).toMatchObject({ status: 200 });

    const told = (event: (typeof EVENTS)[number]) =>
      socket.frames
        .filter((frame) => frame.event === event)
        .map(({ payload }) => toClient.decode(event, payload));
    await until('the end was told', () => told(RoomEvent.stoppedLivestream).length > 0);
    for (const event of EVENTS) {
      expect(told(event)).toMatchObject([{ livestreamId: data.id, meetingId: meeting }]);
    }
    expect(told(RoomEvent.startedLivestream)).toMatchObject([{ playbackUrl: data.playback_url }]);
    await until('the webhooks are there', () => stage.updatesOf(data.id).length === 3);
    expect(stage.updatesOf(data.id).map(({ streamKey }) => streamKey)).toEqual(['', '', '']);
  });
});

const EVENTS = [
  RoomEvent.livestreamingInvoked,
  RoomEvent.startedLivestream,
  RoomEvent.stoppedLivestream,
] as const;
