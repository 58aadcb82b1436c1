import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HeadlessPeer } from '@parley/headless';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RECORDER_LIMITS } from '../../../src/recorders/limits.js';
import { type LiveServer, startLiveServer } from '../../support/live-server.js';

const FAKE_RECORDER = fileURLToPath(
  new URL('../../../../../tests/support/fake-recorder.mjs', import.meta.url),
);
const WINDOW_MS = 20_000;

let server: LiveServer;
let setForwardMs = 0;
const peers: HeadlessPeer[] = [];
beforeAll(async () => {
  const limits = { ...RECORDER_LIMITS, startMs: 3_000, stopMs: 500, silenceMs: 500 };
  const clock = { now: () => new Date(Date.now() + setForwardMs) };
  const env = {
    PARLEY_RECORDER: FAKE_RECORDER,
    PARLEY_RECORDERS_MAX: '1',
    PARLEY_RECORDING_EMPTY_SECONDS: '1',
    PARLEY_LIVESTREAM_WINDOW_SECONDS: String(WINDOW_MS / 1000),
  };
  server = await startLiveServer(env, { clock, recordings: { limits } });
});
afterAll(async () => {
  for (const peer of peers) peer.drop();
  await server?.close();
});

async function live(): Promise<{ meeting: string; peer: HeadlessPeer }> {
  const meeting = await server.newMeeting();
  const { token } = await server.addParticipant(meeting, { preset_name: 'group_call_host' });
  const peer = new HeadlessPeer({ url: server.socketUrl, token });
  peers.push(peer);
  await peer.connect();
  await peer.join();
  return { meeting, peer };
}

const path = () => ({ account_id: server.accountId, app_id: server.appId });
const kit = () => server.client.realtimeKit.livestreams;
const start = async (meeting: string, name?: string) =>
  (await kit().startLivestreamingAMeeting(meeting, { ...path(), ...(name && { name }) }, { maxRetries: 0 }))
    .data!;
const stop = (meeting: string) => kit().stopLivestreamingAMeeting(meeting, path());
const reached = (id: string, status: string) =>
  vi.waitFor(
    async () => {
      const { data } = await kit().getLivestreamSessionForLivestreamID(id, path());
      expect(data!.livestream!.status).toBe(status);
      return data!.session!;
    },
    { timeout: 15_000, interval: 50 },
  );
const play = (playbackUrl: string) => fetch(playbackUrl.replace(/^https:\/\/[^/]+/, server.httpUrl));

describe('a recorder of a livestream', () => {
  it('that shows nothing in time is ended, and the livestream ERRORED', async () => {
    const { meeting } = await live();
    const { id, playback_url } = await start(meeting, 'empty');
    expect(await reached(id!, 'ERRORED')).toMatchObject({
      err_message: 'There was nothing to watch within 3 seconds',
      started_time: null,
    });
    expect((await play(playback_url!)).status).toBe(404);
  });

  it('that falls silent is ended, and the livestream ERRORED', async () => {
    const { meeting } = await live();
    const { id } = await start(meeting, 'silent');
    expect(await reached(id!, 'ERRORED')).toMatchObject({ err_message: 'The recorder was lost: SIGKILL' });
  });

  it('that does not stop is ended, and the livestream is over before that', async () => {
    const { meeting } = await live();
    const { id } = await start(meeting, 'hangs_stop');
    await reached(id!, 'LIVE');
    await stop(meeting);
    expect(await reached(id!, 'IDLE')).toMatchObject({ err_message: null });
  });

  it('is not to be had when all work already, and then said before anything is begun', async () => {
    const [first, second] = [await live(), await live()];
    const { id } = await start(first.meeting);
    await reached(id!, 'LIVE');
    await expect(start(second.meeting)).rejects.toMatchObject({ status: 503 });
    const recording = { account_id: server.accountId, meeting_id: second.meeting };
    await expect(
      server.client.realtimeKit.recordings.startRecordings(server.appId, recording, { maxRetries: 0 }),
    ).rejects.toMatchObject({ status: 503, message: expect.stringContaining('PARLEY_RECORDERS_MAX') });
    await stop(first.meeting);
    expect(await start(second.meeting)).toMatchObject({ status: 'INVOKED' });
    await stop(second.meeting);
  });
});

describe('a livestream', () => {
  it('stops when nobody was there for a while, although the session goes on (L14)', async () => {
    const { meeting, peer } = await live();
    const { id } = await start(meeting);
    await reached(id!, 'LIVE');
    peer.leave();
    await reached(id!, 'IDLE');
    const session = await server.client.realtimeKit.activeSession.getActiveSession(meeting, path());
    expect(session.data).toMatchObject({ status: 'LIVE' });
  });

  it('can be watched until its window has passed, and then nothing of it is left (Q06)', async () => {
    const { meeting } = await live();
    const { id, playback_url } = await start(meeting);
    await reached(id!, 'LIVE');
    await stop(meeting);
    const { id: run } = await reached(id!, 'IDLE');
    const folder = `${server.dataDir}/livestreams/${run}`;
    expect((await play(playback_url!)).status).toBe(200);
    expect(existsSync(folder)).toBe(true);
    setForwardMs = WINDOW_MS;
    try {
      await vi.waitFor(async () => expect((await play(playback_url!)).status).toBe(404), { timeout: 3_000 });
      // The end of another one is the next occasion to clear up.
      const other = await live();
      const next = await start(other.meeting);
      await reached(next.id!, 'LIVE');
      await stop(other.meeting);
      await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 5_000 });
    } finally {
      setForwardMs = 0;
    }
  });
});

it('without Chromium and ffmpeg a start says what to install, and one with the session fails and says it', async () => {
  const env = { PARLEY_CHROMIUM: '/nowhere', PARLEY_FFMPEG: '/nowhere' };
  const bare = await startLiveServer(env);
  const { realtimeKit } = bare.client;
  const account = { account_id: bare.accountId };
  const scope = { ...account, app_id: bare.appId };
  const sentence = 'Recording needs chromium and ffmpeg on the server: apt install chromium ffmpeg';
  try {
    const meeting = await bare.newMeeting();
    await realtimeKit.meetings.updateMeetingByID(meeting, { ...scope, live_stream_on_start: true });
    const { token } = await bare.addParticipant(meeting, { preset_name: 'group_call_host' });
    const peer = new HeadlessPeer({ url: bare.socketUrl, token });
    peers.push(peer);
    await peer.connect();
    await peer.join();
    const [livestream] = (await realtimeKit.livestreams.getAllLivestreams(bare.appId, account))
      .data as unknown as {
      id: string;
    }[];
    await vi.waitFor(async () => {
      const { data } = await realtimeKit.livestreams.getLivestreamSessionForLivestreamID(
        livestream!.id,
        scope,
      );
      expect(data!.session).toMatchObject({ status: 'ERRORED', err_message: sentence });
    });
    await expect(
      realtimeKit.livestreams.startLivestreamingAMeeting(meeting, scope, { maxRetries: 0 }),
    ).rejects.toMatchObject({ status: 503, message: expect.stringContaining(sentence) });
  } finally {
    await bare.close();
  }
});
