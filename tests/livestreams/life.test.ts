import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kitCall } from '../support/kit-call.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type LivestreamStage, startLivestreamStage } from './stage.js';

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const SEGMENT_BYTES = 4096;

describe.skipIf(!serverIsBuilt)('a livestream of a meeting', () => {
  let stage: LivestreamStage;
  beforeAll(async () => {
    stage = await startLivestreamStage({ PARLEY_RECORDERS_MAX: '8' });
  });
  afterAll(() => stage?.dispose());

  const kit = async (path: string) => (await kitCall(stage, 'GET', path)).body;
  const statusesOf = (id: string) => stage.updatesOf(id).map(({ status }) => status);
  const segmentsOf = (playlist: string) => playlist.match(/^[^#\n]+$/gm) ?? [];
  const refused = async (call: Promise<unknown>) => {
    const error = await call.then(
      () => null,
      (refusal: { status: number; message: string }) => refusal,
    );
    return error && { status: error.status, message: error.message };
  };

  async function live(preset = 'group_call_host') {
    const meeting = await stage.backend.newMeeting({ title: 'Physics' });
    return { meeting, host: await stage.enter(meeting, 'Mary', preset) };
  }

  test('goes from INVOKED over LIVE to its end, with a webhook for each, and can be read everywhere (LS01, LS03, LS04, WP07)', async () => {
    const { meeting } = await live();
    const { livestreams } = stage.kit;
    const session = (await stage.activeSession(meeting))!;
    const begun = await stage.start(meeting, { name: 'lecture', video_config: { width: 640, height: 360 } });
    expect(begun).toMatchObject({
      id: expect.any(String),
      status: 'INVOKED',
      ingest_server: expect.any(String),
      stream_key: expect.stringMatching(/^[0-9a-f]{64}$/),
      playback_url: expect.stringMatching(/^https:\/\/api\..*\/live\/[\w-]{43}\/index\.m3u8$/),
    });
    const { id } = begun;
    await stage.reached(id, 'LIVE');
    expect(await refused(stage.start(meeting))).toMatchObject({
      status: 409,
      message: expect.stringContaining('already in progress'),
    });
    const active = (await livestreams.getMeetingActiveLivestreams(meeting, stage.scope)).data!;
    expect(active).toMatchObject({
      id,
      name: 'lecture',
      meeting_id: meeting,
      disabled: false,
      created_at: TIME,
      playback_url: begun.playback_url,
      stream_key: begun.stream_key,
      status: 'LIVE',
    });
    const running = (await livestreams.getActiveLivestreamsForLivestreamID(id, stage.scope)).data!;
    expect(running.session).toMatchObject({
      livestream_id: id,
      started_time: TIME,
      ingest_seconds: expect.stringMatching(/^\d+$/),
    });
    expect(await stage.stop(meeting)).toBe('Stopped live stream successfully');
    expect(await refused(stage.stop(meeting))).toMatchObject({ status: 404 });
    expect(await refused(livestreams.getMeetingActiveLivestreams(meeting, stage.scope))).toMatchObject({
      status: 404,
    });

    const { livestream, session: run, paging } = await stage.of(id);
    expect(livestream).toMatchObject({ id, status: 'IDLE' });
    expect(run).toMatchObject({
      livestream_id: id,
      err_message: null,
      invoked_time: TIME,
      started_time: TIME,
      stopped_time: TIME,
      ingest_seconds: Math.round((Date.parse(run.stopped_time) - Date.parse(run.started_time)) / 1000),
      viewer_seconds: 0,
    });
    expect(paging).toEqual({ total_count: 1, start_offset: 1, end_offset: 1 });
    const one = await livestreams.getLivestreamSessionDetailsForSessionID(run.id, stage.scope);
    expect(one.data).toEqual(run);

    await until('all changes were told', () => statusesOf(id).length >= 3);
    expect(statusesOf(id)).toEqual(['IDLE', 'LIVE', 'OFFLINE']);
    expect(stage.updatesOf(id)[1]).toEqual({
      event: 'livestreaming.statusUpdate',
      streamId: id,
      status: 'LIVE',
      manualIngest: false,
      playbackUrl: begun.playback_url,
      ingestServer: begun.ingest_server,
      streamKey: begun.stream_key,
      meeting: {
        id: meeting,
        title: 'Physics',
        createdAt: session.created_at,
        roomName: meeting,
        status: 'LIVE',
        organizedBy: { id: stage.scope.app_id, name: expect.any(String) },
      },
    });

    // The next run has the same address.
    const again = await stage.start(meeting);
    expect(again).toMatchObject({ id, playback_url: begun.playback_url, stream_key: begun.stream_key });
    await stage.reached(id, 'LIVE');
    expect((await stage.of(id)).paging.total_count).toBe(2);
    const ofSession = await kit(`/sessions/${session.id}/livestream-sessions`);
    expect(ofSession).toMatchObject({ data: [{ livestream_id: id }, { livestream_id: id }] });
    expect(await kit(`/meetings/${meeting}/livestream`)).toMatchObject({
      data: { livestream: { id, status: 'LIVE' }, session: { stopped_time: null } },
    });
    await stage.stop(meeting);
  });

  test('is played from any site, in ranges, from a minute back, and nothing else is (Q06)', async () => {
    const { meeting } = await live();
    const { id, playback_url } = await stage.start(meeting);
    await stage.reached(id, 'LIVE');
    const playlist = await stage.play(playback_url);
    expect(playlist.status).toBe(200);
    expect(Object.fromEntries(playlist.headers)).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
    });
    const text = await playlist.text();
    expect(text).not.toContain('#EXT-X-ENDLIST');
    const [segment] = segmentsOf(text);
    const whole = await stage.play(playback_url, segment);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'video/mp2t',
      'cache-control': 'public, max-age=300, immutable',
      'access-control-allow-origin': '*',
    });
    expect((await whole.arrayBuffer()).byteLength).toBe(SEGMENT_BYTES);
    const part = await stage.play(playback_url, segment, { headers: { range: 'bytes=100-199' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${SEGMENT_BYTES}`]);
    expect((await part.arrayBuffer()).byteLength).toBe(100);
    await until('a minute can be watched again', async () => {
      const now = segmentsOf(await (await stage.play(playback_url)).text());
      return now.length > 30 && now[0] === segment;
    });
    const [run] = segment!.split('/');
    for (const file of [
      `${randomUUID()}/segment-000000.ts`,
      `${run}/segment-999999.ts`,
      `${run}/index.m3u8`,
      `${run}/..%2Fwork%2Forder.json`,
      `${run}/..%2f..%2f..%2fstorage.key`,
      playback_url.replace(/live\/../, 'live/AA'),
    ]) {
      expect((await stage.play(playback_url, file)).status, file).toBe(404);
    }
    await stage.stop(meeting);
    await until('the end is written', async () =>
      (await (await stage.play(playback_url)).text()).includes('#EXT-X-ENDLIST'),
    );
    expect((await stage.play(playback_url, segment)).status).toBe(200);
    const unchanged = await until('nothing new comes', async () => {
      const etag = (await stage.play(playback_url)).headers.get('etag')!;
      const answer = await stage.play(playback_url, undefined, { headers: { 'if-none-match': etag } });
      return answer.status === 304 && answer;
    });
    expect(unchanged.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('counts the time of its viewers, and analytics add them up (LS03, LS11)', async () => {
    const { meeting } = await live();
    const overall = async (since: string | number) =>
      (await kit(`/analytics/livestreams/overall?start_time=${since}`)).data;
    const now = new Date().toISOString();
    const { id, playback_url } = await stage.start(meeting);
    await stage.reached(id, 'LIVE');
    for (let request = 0; request < 3; request++) await stage.play(playback_url);
    await until('the time was written', async () => (await stage.of(id)).session.viewer_seconds === 6);
    await stage.stop(meeting);
    expect(await overall(now)).toMatchObject({ count: 1, total_viewer_seconds: 6 });
    const days = (await kit('/analytics/livestreams/daywise')).data;
    expect(days.at(-1)).toMatchObject({ date: new Date().toISOString().slice(0, 10) });
    expect(await overall(Math.floor(Date.now() / 1000) + 3_600)).toMatchObject({ count: 0 });
  });

  test('ends with the session that a host ends, in the same moment, and beside a recording (OQ23, E02)', async () => {
    const { meeting, host } = await live();
    const { id } = await stage.start(meeting);
    const { app_id, account_id } = stage.scope;
    await stage.kit.recordings.startRecordings(app_id, { account_id, meeting_id: meeting });
    await stage.reached(id, 'LIVE');
    host.kickAll();
    await stage.reached(id, 'IDLE');
    const [session] = await stage.sessionsOf(meeting);
    expect((await stage.of(id)).session.stopped_time).toBe(session!.ended_at);
    const ofMeeting = () =>
      stage.receiver.arrivals
        .map(({ body }) => JSON.parse(body.toString()))
        .filter((body) => body.meeting.id === meeting)
        .map((body) => body.status ?? body.event);
    await until('the end was told', () => ofMeeting().includes('meeting.ended'));
    expect(ofMeeting()).toEqual(['IDLE', 'LIVE', 'OFFLINE', 'meeting.ended']);
  });

  test('begins with the session of a meeting that wants it (LS06)', async () => {
    const { app_id, account_id } = stage.scope;
    const meeting = (
      await stage.kit.meetings.create(app_id, { account_id, title: 'Show', live_stream_on_start: true })
    ).data!.id;
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const { data } = await stage.kit.livestreams.getMeetingActiveLivestreams(meeting, stage.scope);
    await stage.reached(data!.id!, 'LIVE');
    host.kickAll();
    await stage.reached(data!.id!, 'IDLE');
  });

  test('that is disabled ends, and does not begin again until it is enabled, with a session neither (LS06)', async () => {
    const { app_id, account_id } = stage.scope;
    const show = { account_id, title: 'Show', live_stream_on_start: true };
    const meeting = (await stage.kit.meetings.create(app_id, show)).data!.id;
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const { id } = (await stage.kit.livestreams.getMeetingActiveLivestreams(meeting, stage.scope)).data!;
    await stage.reached(id!, 'LIVE');
    const disabled = await kitCall(stage, 'PUT', `/livestreams/${id}/disable`);
    expect(disabled.body.data).toMatchObject({ disabled: true, status: 'IDLE' });
    expect(await refused(stage.start(meeting))).toMatchObject({ status: 409 });
    host.kickAll();
    await until('the session is over', async () => !(await stage.activeSession(meeting)));
    await stage.enter(meeting, 'Mary', 'group_call_host');
    expect((await stage.of(id!)).paging.total_count).toBe(1);
    await kitCall(stage, 'PUT', `/livestreams/${id}/enable`);
    expect(await stage.start(meeting)).toMatchObject({ id, status: 'INVOKED' });
    await stage.stop(meeting);
  });

  test.each([
    ['refuses', 'The page did not load'],
    ['dies_start', 'The recorder was lost: code 1'],
    ['dies_recording', 'The recorder was lost: SIGKILL'],
  ])('whose recorder %s is ERRORED, and says why', async (name, message) => {
    const { meeting } = await live();
    const { id } = await stage.start(meeting, { name });
    await stage.reached(id, 'ERRORED');
    expect((await stage.of(id)).session).toMatchObject({ status: 'ERRORED', err_message: message });
    await until('the end was told', () => statusesOf(id).includes('OFFLINE'));
    expect(stage.updatesOf(id).at(-1)).toMatchObject({ status: 'OFFLINE', errMessage: message });
    expect(await stage.start(meeting)).toMatchObject({ id, status: 'INVOKED' });
    await stage.stop(meeting);
  });

  test('needs a session, and input that fits', async () => {
    const meeting = await stage.backend.newMeeting();
    expect(await refused(stage.start(meeting))).toMatchObject({ status: 404 });
    expect(await refused(stage.start(randomUUID()))).toMatchObject({ status: 404 });
    for (const [params, field] of [
      [{ name: 'a b' }, 'name'],
      [{ video_config: { width: 5_000 } }, 'video_config.width'],
      [{ quality: 1 }, 'quality'],
    ] as const) {
      const refusal = await refused(stage.start(meeting, params as object));
      expect(refusal).toMatchObject({ status: 400, message: expect.stringContaining(`\\"${field}\\"`) });
    }
  });

  test('is listed, by status, time and order (LS03)', async () => {
    const all = (await kit('/livestreams?per_page=500')).data as { id: string; created_at: string }[];
    expect(all.length).toBeGreaterThan(2);
    const newest = all.map(({ created_at }) => created_at);
    expect(newest).toEqual(newest.toSorted().reverse());
    const oldestFirst = (await kit('/livestreams?sort_order=ASC&per_page=500')).data;
    expect(oldestFirst.map(({ id }: { id: string }) => id)).toEqual(all.map(({ id }) => id).reverse());
    expect((await kit('/livestreams?exclude_meetings=true')).data).toEqual([]);
    expect((await kit('/livestreams?sort_order=DSC&per_page=1&page_no=2')).data[0].id).toBe(all[1]!.id);
    expect((await kit('/livestreams?status=LIVE')).data).toEqual([]);
    const { created_at } = all[0]!;
    const since = encodeURIComponent(created_at);
    expect((await kit(`/livestreams?start_time=${since}`)).paging.total_count).toBe(1);
  });
});
