import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

const FAKE_RECORDER = fileURLToPath(new URL('../../support/fake-recorder.mjs', import.meta.url));

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('recordings seen by the SDK', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setUpStage({ env: { PARLEY_RECORDER: FAKE_RECORDER } });
  });
  afterAll(() => stage?.dispose());

  const stateOf = (person: Person) =>
    person.run(() => ({
      state: window.meeting.recording.recordingState,
      recordings: window.meeting.recording.recordings.map(({ id, state, type }) => ({ id, state, type })),
    }));
  const sees = (person: Person, state: string) =>
    until(`a recording that is ${state}`, async () => (await stateOf(person)).state === state);
  const recordings = async (meetingId: string) => {
    const { client, accountId, appId } = stage.backend;
    const answer = await client.realtimeKit.recordings.getRecordings(appId, {
      account_id: accountId,
      meeting_id: meetingId,
    });
    return answer.data;
  };

  const ITEMS = proves(
    'Client.recording',
    'Recording.pause',
    'Recording.recordingState',
    'Recording.recordings',
    'Recording.resume',
    'Recording.start',
    'Recording.stop',
    'Recording:recordingUpdate',
  );

  test(
    'start, pause, resume and stop by one are seen by all, and by who comes later; errors have their codes (RC01, RC07-RC10, R06)',
    ITEMS,
    async () => {
      const meetingId = await stage.backend.newMeeting();
      const host = await stage.enter(meetingId, 'Mary', 'group_call_host', WITHOUT_DEVICES);
      const guest = await stage.enter(meetingId, 'Tom', 'group_call_participant', WITHOUT_DEVICES);
      const control = (person: Person, action: 'start' | 'pause' | 'resume' | 'stop') =>
        person.attempt(
          (what: 'start' | 'pause' | 'resume' | 'stop') => window.meeting.recording[what](),
          action,
        );

      expect(await control(guest, 'start')).toMatchObject({ ok: false, code: '1001' });
      expect(await host.attempt(() => window.meeting.recording.stop('nothing'))).toMatchObject({
        ok: false,
        code: '1004',
      });
      expect(await recordings(meetingId)).toEqual([]);

      const updates = () =>
        guest.run(() =>
          window.sdkEvents.filter(({ name }) => name === 'recordingUpdate').map((one) => one.details),
        );
      expect(await control(host, 'start')).toEqual({ ok: true });
      await Promise.all([sees(host, 'RECORDING'), sees(guest, 'RECORDING')]);
      const [recording] = await recordings(meetingId);
      expect((await stateOf(guest)).recordings).toEqual([
        { id: recording!.id, state: 'RECORDING', type: 'BROWSER' },
      ]);
      expect(await control(host, 'start')).toMatchObject({ ok: false, code: '1005' });
      // Somebody who knows nothing of it yet is told by the server.
      const late = await stage.arrive(meetingId, 'Ann', 'group_call_host');
      await late.init(WITHOUT_DEVICES);
      expect(await late.attempt(() => window.meeting.recording.start())).toMatchObject({ ok: false });
      await late.join();
      await sees(late, 'RECORDING');

      await control(host, 'pause');
      await Promise.all([sees(guest, 'PAUSED'), sees(late, 'PAUSED')]);
      expect((await recordings(meetingId))[0]).toMatchObject({ status: 'PAUSED' });
      expect(await control(late, 'resume')).toEqual({ ok: true });
      await Promise.all([sees(guest, 'RECORDING'), sees(host, 'RECORDING')]);
      await control(host, 'stop');
      await Promise.all([host, guest, late].map((person) => sees(person, 'IDLE')));
      expect(await updates()).toEqual(['RECORDING', 'PAUSED', 'RECORDING', 'IDLE']);
      await until('it is UPLOADED', async () => (await recordings(meetingId))[0]!.status === 'UPLOADED');
    },
  );

  test('that the backend controls, and one that fails, are seen as well (RC08)', async () => {
    const meetingId = await stage.backend.newMeeting();
    const host = await stage.enter(meetingId, 'Mary', 'group_call_host', WITHOUT_DEVICES);
    const { client, accountId, appId } = stage.backend;
    const { recordings: api } = client.realtimeKit;
    const start = async (prefix: string) => {
      const body = { account_id: accountId, meeting_id: meetingId, file_name_prefix: prefix };
      return (await api.startRecordings(appId, body)).data!.id;
    };
    const control = (id: string, action: 'stop' | 'pause' | 'resume') =>
      api.pauseResumeStopRecording(id, { account_id: accountId, app_id: appId, action });
    const id = await start('fine');
    await sees(host, 'RECORDING');
    await control(id, 'pause');
    await sees(host, 'PAUSED');
    await control(id, 'resume');
    await sees(host, 'RECORDING');
    await control(id, 'stop');
    await sees(host, 'IDLE');
    // Its starter would otherwise see it as starting for ever.
    await host.attempt(() => window.meeting.recording.start());
    await sees(host, 'RECORDING');
    await host.attempt(() => window.meeting.recording.stop());
    await sees(host, 'IDLE');
  });
});
