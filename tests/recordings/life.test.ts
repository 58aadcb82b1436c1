import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HeadlessPeer } from '@parley/headless';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type RecordingStage, startRecordingStage } from './stage.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const FILE_BYTES = 4096;

describe.skipIf(!serverIsBuilt)('a recording', () => {
  let stage: RecordingStage;
  beforeAll(async () => {
    stage = await startRecordingStage();
  });
  afterAll(() => stage?.dispose());

  /** A meeting with a host and a guest in it. */
  async function live() {
    const meeting = await stage.backend.newMeeting({ title: 'Physics' });
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant', { roster: true });
    return { meeting, host, guest };
  }

  test('goes from INVOKED to UPLOADED with a webhook for each change in order, and its file can be had in ranges (RC02, RC04-RC06, RC17, RC18, RC25, RC26, WP06)', async () => {
    const { meeting } = await live();
    const session = (await stage.activeSession(meeting))!;
    const invoked = await stage.start(meeting, {}, 'physics');
    expect(invoked).toMatchObject({
      status: 'INVOKED',
      session_id: session.id,
      output_file_name: expect.stringMatching(new RegExp(`^physics_${meeting}_\\d{13}\\.mp4$`)),
      invoked_time: TIME,
      started_time: null,
      stopped_time: null,
      download_url: null,
      audio_download_url: null,
      download_url_expiry: null,
      file_size: null,
      storage_config: null,
      start_reason: { reason: 'API_CALL', caller: { type: 'ORGANIZATION' } },
    });
    const { id } = invoked;
    await stage.reached(id, 'RECORDING');
    expect(await stage.control(id, 'pause')).toMatchObject({ status: 'PAUSED' });
    expect(await stage.control(id, 'resume')).toMatchObject({ status: 'RECORDING' });
    const active = await stage.kit.recordings.getActiveRecordings(meeting, stage.scope);
    expect(active.data).toMatchObject({ id, status: 'RECORDING' });
    expect(await stage.control(id, 'stop')).toMatchObject({ status: 'UPLOADING' });

    const done = await stage.reached(id, 'UPLOADED');
    expect(done).toMatchObject({
      file_size: FILE_BYTES,
      started_time: TIME,
      stopped_time: TIME,
      recording_duration: expect.any(Number),
      download_url_expiry: TIME,
      audio_download_url: null,
      stop_reason: { reason: 'API_CALL', caller: { type: 'ORGANIZATION' } },
    });
    expect(done.started_time! >= done.invoked_time).toBe(true);
    const sevenDays = Date.parse(done.download_url_expiry!) - Date.parse(done.stopped_time!);
    expect(sevenDays / 86_400_000).toBeCloseTo(7, 2);

    const whole = await fetch(done.download_url!);
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    expect((await whole.arrayBuffer()).byteLength).toBe(FILE_BYTES);
    const part = await fetch(done.download_url!, { headers: { range: 'bytes=100-199' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${FILE_BYTES}`]);
    expect((await part.arrayBuffer()).byteLength).toBe(100);
    expect((await fetch(done.download_url!.replace(/signature=..../, 'signature=AAAA'))).status).toBe(403);

    await until('all changes were told', () => stage.statusesToldOf(id).length === 6);
    expect(stage.statusesToldOf(id)).toEqual([
      'INVOKED',
      'RECORDING',
      'PAUSED',
      'RECORDING',
      'UPLOADING',
      'UPLOADED',
    ]);
    expect(stage.updatesOf(id).at(-1)).toMatchObject({
      event: 'recording.statusUpdate',
      meeting: { id: meeting, sessionId: session.id, title: 'Physics' },
      recording: {
        id,
        recordingId: id,
        downloadUrl: expect.stringContaining('/v2/files/recording/'),
        audioDownloadUrl: null,
        downloadUrlExpiry: done.download_url_expiry,
        startedTime: done.started_time,
        stoppedTime: done.stopped_time,
        fileSize: String(FILE_BYTES),
        outputFileName: done.output_file_name,
        meetingId: meeting,
        recordingDuration: done.recording_duration,
        organizationId: stage.scope.app_id,
        roomUUID: session.id,
        stopReason: { reason: 'API_CALL', caller: { type: 'ORGANIZATION' } },
      },
    });
    for (const update of stage.updatesOf(id).slice(0, -1)) expect(update.recording.downloadUrl).toBeNull();
  });

  test('is refused while another one runs, unless it is allowed, and without a session (RC09, RC50)', async () => {
    const { meeting, host } = await live();
    const first = await stage.start(meeting);
    await expect(stage.start(meeting)).rejects.toMatchObject({ status: 409 });
    const second = await stage.start(meeting, { allow_multiple_recordings: true });
    for (const { id } of [first, second]) await stage.reached(id, 'RECORDING');
    host.kickAll();
    for (const { id } of [first, second]) await stage.reached(id, 'UPLOADED');
    const empty = await stage.backend.newMeeting();
    await expect(stage.start(empty)).rejects.toMatchObject({ status: 404 });
    await expect(stage.control(first.id, 'stop')).rejects.toMatchObject({ status: 409 });
  });

  test('stops with the session that a host ends, in the same moment (E02, X13)', async () => {
    const { meeting, host, guest } = await live();
    const { id } = await stage.start(meeting);
    await stage.reached(id, 'RECORDING');
    host.kickAll();
    await guest.reached('ended');
    const now = await stage.get(id);
    expect(now.stop_reason).toMatchObject({ reason: 'API_CALL', caller: { type: 'USER', name: 'Mary' } });
    const done = await stage.reached(id, 'UPLOADED');
    const [session] = await stage.sessionsOf(meeting);
    expect(done.stopped_time).toBe(session!.ended_at);
    await until('the end was told', () => stage.statusesToldOf(id).includes('UPLOADED'));
    expect(stage.statusesToldOf(id)).toEqual(['INVOKED', 'RECORDING', 'UPLOADING', 'UPLOADED']);
  });

  test('begins with the session of a meeting that wants it, with the settings of the meeting (RC01, RC12, RC30, RC31, L25)', async () => {
    const { app_id, account_id } = stage.scope;
    const { data } = await stage.kit.meetings.create(app_id, {
      account_id,
      title: 'Recorded',
      record_on_start: true,
      recording_config: { file_name_prefix: 'lecture', video_config: { codec: 'VP8', width: 640 } },
    });
    const meeting = data!.id;
    const list = async () =>
      (await stage.kit.recordings.getRecordings(app_id, { account_id, meeting_id: meeting })).data;
    expect(await list()).toEqual([]);
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const [recording] = await list();
    expect(recording).toMatchObject({ meeting: { id: meeting, title: 'Recorded' } });
    const { id } = recording!;
    expect((await stage.get(id)).start_reason).toEqual({ reason: 'RECORD_ON_START' });
    await stage.reached(id, 'RECORDING');
    expect(stage.orderOf(id).output.video).toMatchObject({ codec: 'VP8', width: 640, height: 720 });
    // What the call says counts before what the meeting says.
    const second = await stage.start(meeting, {
      allow_multiple_recordings: true,
      video_config: { codec: 'H264' },
      audio_config: { codec: 'MP3', channel: 'mono' },
    });
    expect(second.output_file_name).toMatch(/^lecture_.*\.mp4$/);
    await stage.reached(second.id, 'RECORDING');
    expect(stage.orderOf(second.id).output).toEqual({
      video: { codec: 'H264', width: 1280, height: 720, exportFile: true },
      audio: { codec: 'MP3', channel: 'mono', exportFile: true },
    });
    host.kickAll();
    const done = await stage.reached(second.id, 'UPLOADED');
    const sound = await fetch(done.audio_download_url!);
    expect([sound.status, sound.headers.get('content-type')]).toEqual([200, 'audio/mpeg']);
    await stage.reached(id, 'UPLOADED');
  });

  test('of sound alone has no picture (RC22, RC23)', async () => {
    const { meeting, host } = await live();
    const { id, output_file_name } = await stage.start(meeting, { audio_config: { codec: 'AAC' } });
    expect(output_file_name).toMatch(/\.m4a$/);
    await stage.reached(id, 'RECORDING');
    expect(stage.orderOf(id).output.video).toBeUndefined();
    host.kickAll();
    const done = await stage.reached(id, 'UPLOADED');
    expect(done).toMatchObject({ download_url: null, file_size: FILE_BYTES });
    expect((await fetch(done.audio_download_url!)).status).toBe(200);
  });

  test('is made by a peer that nobody sees or counts, that locks keep out as little as limits, and that starts no session (RC34, RC36, RC41, L13, R32)', async () => {
    const { app_id, account_id } = stage.scope;
    const created = await stage.kit.meetings.create(app_id, {
      account_id,
      ...({ max_participants: 2, locked: true } as object),
    });
    const meeting = created.data!.id;
    const unlocked = { account_id, app_id, ...({ locked: false } as object) };
    await stage.kit.meetings.updateMeetingByID(meeting, unlocked);
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'group_call_participant', { roster: true });
    await stage.kit.meetings.updateMeetingByID(meeting, { ...unlocked, ...({ locked: true } as object) });
    const { id } = await stage.start(meeting, { url: 'http://127.0.0.1:9/app?theme=dark' });
    await stage.reached(id, 'RECORDING');
    const page = new URL(stage.orderOf(id).pageUrl);
    expect(page.searchParams.get('theme')).toBe('dark');
    expect(JSON.parse(page.searchParams.get('config')!)).toMatchObject({ video_config: { width: 1280 } });
    const token = page.searchParams.get('authToken')!;
    const details = await fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect((await details.json()).data.preset).toMatchObject({
      name: 'recorder_preset_v2',
      permissions: { is_recorder: true, hidden_participant: true, recorder_type: 'RECORDER' },
    });
    const recorder = await stage.enterAgain({ token });
    expect(recorder.state).toBe('joined');
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 2 });
    expect(JSON.stringify([...guest.roster!.values()])).not.toContain(recorder.peerId);
    const people = await stage.kit.meetings.getMeetingParticipants(meeting, stage.scope);
    expect(people.data).toHaveLength(2);
    const kicked = await stage.kit.activeSession.kickAllParticipants(meeting, stage.scope);
    expect(kicked.data).toMatchObject({ kicked_participants_count: 2 });
    await recorder.reached('ended');
    await stage.reached(id, 'UPLOADED');
    const late = new HeadlessPeer({ url: `${stage.parley.httpUrl.replace('http', 'ws')}/ws`, token });
    await expect(late.connect()).rejects.toThrow();
    expect(host.state).toBe('ended');
  });

  test.each([
    ['refuses', 'The page did not load'],
    ['dies_start', 'The recorder was lost: code 1'],
  ])('that does not start (%s) is ERRORED with the reason, and says so (RC05)', async (fault, reason) => {
    const { meeting } = await live();
    const { id } = await stage.start(meeting, {}, fault);
    const failed = await stage.reached(id, 'ERRORED');
    expect(failed).toMatchObject({ err_message: reason, download_url: null, file_size: null });
    await until('the failure was told', () => stage.statusesToldOf(id).includes('ERRORED'));
    expect(stage.statusesToldOf(id)).toEqual(['INVOKED', 'ERRORED']);
    expect(stage.updatesOf(id).at(-1).recording.errMessage).toBe(reason);
    // The next one may start.
    expect((await stage.start(meeting)).status).toBe('INVOKED');
  });

  test('keeps what it has when its recorder dies, and names the cause (RC12)', async () => {
    const { meeting } = await live();
    const { id } = await stage.start(meeting, {}, 'dies_recording');
    const done = await stage.reached(id, 'UPLOADED');
    expect(done).toMatchObject({ stop_reason: { reason: 'INTERNAL_ERROR' }, file_size: FILE_BYTES });
    expect((await fetch(done.download_url!)).status).toBe(200);
  });

  test('without a frame is ERRORED and never UPLOADED', async () => {
    const { meeting } = await live();
    const { id } = await stage.start(meeting, {}, 'empty');
    await stage.reached(id, 'RECORDING');
    await stage.control(id, 'stop');
    const failed = await stage.reached(id, 'ERRORED');
    expect(failed).toMatchObject({ err_message: 'The recording holds no picture', download_url: null });
    const work = join(stage.parley.dataDir, 'recordings/under-way', id);
    await until('the folder of the recorder is gone', () => !existsSync(work));
  });

  test('stopped before it began ends, and is not stuck (RC15)', async () => {
    const { meeting } = await live();
    const { id } = await stage.start(meeting, {}, 'hangs_start');
    await stage.control(id, 'stop');
    const failed = await stage.reached(id, 'ERRORED');
    expect(failed).toMatchObject({ err_message: 'Nothing was recorded', started_time: null });
  });

  test('ends when its recording app wants to, and shows gaps (RC38)', async () => {
    const { meeting } = await live();
    const { id } = await stage.start(meeting, {}, 'stops');
    const done = await stage.reached(id, 'UPLOADED');
    expect(done.stop_reason).toMatchObject({ reason: 'API_CALL', detail: 'recording_app' });
    const gapped = await stage.start(meeting, {}, 'gap');
    await stage.reached(gapped.id, 'RECORDING');
    await stage.control(gapped.id, 'stop');
    const { gaps } = await stage.reached(gapped.id, 'UPLOADED');
    expect(gaps).toEqual([{ from: TIME, to: TIME, reason: 'The page was without its session' }]);
  });

  test('can be found by meeting, title, status, time and expiry, sorted and in pages (RC14)', async () => {
    const { app_id, account_id } = stage.scope;
    const { meeting, host } = await live();
    const [first, second] = [
      await stage.start(meeting),
      await stage.start(meeting, { allow_multiple_recordings: true }),
    ];
    for (const { id } of [first!, second!]) await stage.reached(id, 'RECORDING');
    host.kickAll();
    for (const { id } of [first!, second!]) await stage.reached(id, 'UPLOADED');
    const find = async (query: object) => {
      const answer = await stage.kit.recordings.getRecordings(app_id, { account_id, ...query });
      return [answer.data.map(({ id }) => id), answer.paging.total_count] as const;
    };
    const both = [second!.id, first!.id];
    const meeting_id = meeting;
    expect(await find({ meeting_id })).toEqual([both, 2]);
    expect(await find({ meeting_id, sort_by: 'invokedTime', sort_order: 'ASC' })).toEqual([
      both.toReversed(),
      2,
    ]);
    expect(await find({ search: meeting })).toEqual([both, 2]);
    expect(await find({ meeting_id, search: 'physICS' })).toEqual([both, 2]);
    expect(await find({ meeting_id, search: 'Chemistry' })).toEqual([[], 0]);
    expect(await find({ meeting_id, status: ['UPLOADED', 'ERRORED'] })).toEqual([both, 2]);
    expect(await find({ meeting_id, status: ['RECORDING'] })).toEqual([[], 0]);
    expect(await find({ meeting_id, expired: true })).toEqual([[], 0]);
    expect(await find({ meeting_id, expired: false })).toEqual([both, 2]);
    expect(await find({ meeting_id, start_time: second!.invoked_time })).toEqual([[second!.id], 2 - 1]);
    expect(await find({ meeting_id, end_time: first!.invoked_time })).toEqual([[first!.id], 1]);
    expect(await find({ meeting_id, page_no: 2, per_page: 1 })).toEqual([[first!.id], 2]);
  });

  test.each([
    ['video_config.codec', { video_config: { codec: 'VP9' } }],
    ['video_config.width', { video_config: { width: 4000 } }],
    ['video_config.export_file', { video_config: { export_file: false } }],
    ['audio_config.codec', { audio_config: { codec: 'FLAC' } }],
    ['audio_config.codec', { video_config: { codec: 'VP8' }, audio_config: { codec: 'AAC' } }],
    ['file_name_prefix', { file_name_prefix: 'a b' }],
    ['max_seconds', { max_seconds: 59 }],
    ['realtimekit_bucket_config.enabled', { realtimekit_bucket_config: { enabled: false } }],
    ['rtmp_out_config.rtmp_url', { rtmp_out_config: { rtmp_url: 'http://example.com/x' } }],
    ['interactive_config.type', { interactive_config: { type: 'EMSG' } }],
    ['interactive_config', { interactive_config: { type: 'ID3' }, audio_config: { codec: 'AAC' } }],
    ['interactive_config', { interactive_config: {}, video_config: { export_file: false } }],
    ['video_config.codec', { interactive_config: {}, video_config: { codec: 'VP8' } }],
    ['url', { url: 'file:///etc/passwd' }],
    [
      'storage_config.secret',
      { storage_config: { type: 'aws', access_key: 'k', region: 'eu', bucket: 'b' } },
    ],
  ])('is refused with the field %s named, for %j (RC03, RC27, RC29)', async (field, params) => {
    const { meeting } = await live();
    await expect(stage.start(meeting, params as object)).rejects.toMatchObject({
      status: 400,
      errors: [{ source: { pointer: field } }],
    });
  });
});
