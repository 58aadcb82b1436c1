import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { promisify } from 'node:util';
import type Cloudflare from 'cloudflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Microphone } from '../support/microphone.js';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const WEEK_MS = 7 * 86_400_000;

interface Link {
  download_url: string;
  custom_participant_id?: string;
}

/** What the answers hold beyond the official client's types. */
interface Recording {
  id: string;
  status: string;
  type: string;
  output_file_name: string;
  session_id: string;
  download_url: { layer_name: string; download_urls: Record<string, Link> }[] | null;
  download_url_expiry: string | null;
  stopped_time: string | null;
  recording_duration?: number;
  file_size: number | null;
  stop_reason?: { reason: string; detail: string };
  gaps?: { from: string; to: string; reason: string }[];
  err_message?: string;
}

describe.skipIf(!serverIsBuilt)('recordings of tracks', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  let folder: string;
  const microphones: Microphone[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-tracks-'));
    stage = await startSessionStage();
    receiver = await startReceiver(stage.backend, ['recording.statusUpdate']);
  });
  afterAll(async () => {
    for (const microphone of microphones) microphone.close();
    await receiver?.close();
    await stage?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function enter(meeting: string, name: string): Promise<RawSocket> {
    const socket = await stage.rawSocket(await stage.invite(meeting, name));
    expect(await socket.join(name)).toBeNull();
    return socket;
  }
  async function speak(socket: RawSocket): Promise<Microphone> {
    const microphone = await Microphone.open(socket);
    microphones.push(microphone);
    return microphone;
  }
  async function startTracks(
    meeting: string,
    more: Omit<
      Parameters<typeof stage.kit.recordings.startTrackRecording>[1],
      'account_id' | 'meeting_id'
    > = {},
  ): Promise<Recording> {
    const { account_id, app_id } = stage.scope;
    const { data } = await stage.kit.recordings.startTrackRecording(app_id, {
      account_id,
      meeting_id: meeting,
      ...more,
    });
    return (data as unknown as { recording: Recording }).recording;
  }
  const refused = (start: Promise<unknown>): Promise<InstanceType<typeof Cloudflare.APIError>> =>
    start.then(
      () => expect.unreachable('It was accepted.'),
      (error) => error,
    );
  const read = async ({ id }: Recording) =>
    (await stage.kit.recordings.getOneRecording(id, stage.scope)).data as unknown as Recording;
  const stop = ({ id }: Recording) =>
    stage.kit.recordings.pauseResumeStopRecording(id, { ...stage.scope, action: 'stop' });
  const over = (recording: Recording) =>
    until('the recording is over', async () => {
      const now = await read(recording);
      return (now.status === 'UPLOADED' || now.status === 'ERRORED') && now;
    });
  const runs = (recording: Recording) =>
    until('it records', async () => (await read(recording)).status === 'RECORDING');

  /** The files of a recording, fetched by their links. */
  async function download(recording: Recording) {
    const entries = recording.download_url!.flatMap(({ layer_name, download_urls }) =>
      Object.entries(download_urls).map(([name, link]) => ({ layer_name, name, ...link })),
    );
    return await Promise.all(
      entries.map(async ({ layer_name, name, download_url, custom_participant_id }) => {
        const url = new URL(download_url);
        const answer = await fetch(`${stage.parley.httpUrl}${url.pathname}${url.search}`);
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toBe('video/webm');
        const path = join(folder, name);
        await writeFile(path, Buffer.from(await answer.arrayBuffer()));
        const [, prefix, userId, peerId, startedAtMs] =
          /^(\w+?)_([0-9a-f-]{36})_([0-9a-f-]{36})_peer_audio_(\d{13})\.webm$/.exec(name) ?? [];
        return {
          custom_participant_id,
          layer_name,
          prefix,
          userId,
          peerId,
          startedAtMs: Number(startedAtMs),
          ...(await listen(path)),
        };
      }),
    );
  }

  test('what cannot be met is refused (RC50)', async () => {
    const meeting = await stage.backend.newMeeting();
    expect(await refused(startTracks(meeting))).toMatchObject({ status: 404 });
    await enter(meeting, 'Ann');
    const tooMany = Array.from({ length: 101 }, () => randomUUID());
    expect(await refused(startTracks(meeting, { user_ids: tooMany }))).toMatchObject({ status: 400 });
    expect(await refused(startTracks(meeting, { user_ids: [] }))).toMatchObject({ status: 400 });
    const video = { default: { media_kind: 'video' as 'audio' } };
    expect(await refused(startTracks(meeting, { layers: video }))).toMatchObject({ status: 400 });
    const alike = { one: {}, other: {} };
    expect(await refused(startTracks(meeting, { layers: alike }))).toMatchObject({ status: 400 });
    expect(await refused(startTracks(randomUUID()))).toMatchObject({ status: 404 });

    const silent = await startTracks(meeting, { user_ids: tooMany.slice(1) });
    expect(await refused(startTracks(meeting))).toMatchObject({ status: 409 });
    await runs(silent);
    await stop(silent);
    // Nobody of the list was there: that is said, and no empty file passes for a recording.
    expect(await over(silent)).toMatchObject({ status: 'ERRORED', download_url: null });
    expect((await read(silent)).err_message).toContain('Nobody');
  });

  test('one file for each of those asked for, also late ones, through the loss of a worker (RC51-RC56, Q10)', async () => {
    const meeting = await stage.backend.newMeeting();
    const [ann, tom] = [await enter(meeting, 'Ann'), await enter(meeting, 'Tom')];
    const late = await stage.invite(meeting, 'Late');
    const microphone = await speak(ann);
    await speak(tom);
    const started = await startTracks(meeting, {
      user_ids: [ann.participantId.toUpperCase(), late.id],
      layers: { voices: { file_name_prefix: 'call_1', media_kind: 'audio' } },
    });
    expect(started).toMatchObject({
      status: 'INVOKED',
      type: 'TRACK',
      meeting_id: meeting,
      download_url: null,
      output_file_name: '{prefix}_{user_id}_{peer_id}_{stream_kind}_{media_kind}_{date_time}.webm',
    });
    await runs(started);
    await pass(1_500);
    const lateSocket = await stage.rawSocket(late);
    await lateSocket.join('Late');
    const lateMicrophone = await speak(lateSocket);
    await pass(2_500);

    // The media worker dies; clients come back by themselves, here at once.
    const [worker] = stage.parley.mediaWorkerPids();
    process.kill(worker!, 'SIGKILL');
    const killedAt = Date.now();
    microphone.close();
    lateMicrophone.close();
    await until('another worker is there', () => {
      const pids = stage.parley.mediaWorkerPids();
      return pids.length > 0 && !pids.includes(worker!);
    });
    await until('Ann is heard again', async () => {
      try {
        return await speak(ann);
      } catch {
        return null;
      }
    });
    await pass(2_500);
    await stop(started);

    const done = await over(started);
    expect(done).toMatchObject({ status: 'UPLOADED', stop_reason: { reason: 'API_CALL' } });
    expect(done.download_url!.map(({ layer_name }) => layer_name)).toEqual(['voices']);
    const expiresInMs = Date.parse(done.download_url_expiry!) - Date.now();
    expect(Math.abs(expiresInMs - WEEK_MS)).toBeLessThan(60_000);
    expect(done.gaps).toMatchObject([{ reason: 'media_worker_lost' }]);
    const files = (await download(done)).sort((a, b) => a.startedAtMs - b.startedAtMs);
    expect(files.map(({ userId }) => userId)).toEqual([ann.participantId, late.id, ann.participantId]);
    expect(files.map(({ peerId }) => peerId)).toEqual([ann.peerId, lateSocket.peerId, ann.peerId]);
    const [before, ofLate, after] = files;
    for (const { prefix, codec, meanVolumeDb } of files) {
      expect(prefix).toBe('call_1');
      expect(codec).toBe('opus');
      expect(meanVolumeDb).toBeGreaterThan(-30);
    }
    // All but the last second before the kill is there, and positions are times of one clock.
    for (const { startedAtMs, durationMs } of [before!, ofLate!]) {
      expect(startedAtMs + durationMs).toBeGreaterThan(killedAt - 1_200);
      expect(startedAtMs + durationMs).toBeLessThan(killedAt + 200);
    }
    expect(before!.durationMs).toBeGreaterThan(3_000);
    expect(ofLate!.durationMs).toBeGreaterThan(1_300);
    expect(Math.abs(after!.durationMs - 2_500)).toBeLessThan(1_000);
    await told(done, ['INVOKED', 'RECORDING', 'UPLOADING', 'UPLOADED']);
  });

  test('the end of the session ends it, and its files come (RC54, E02)', async () => {
    const meeting = await stage.backend.newMeeting();
    const ann = await enter(meeting, 'Ann');
    const recording = await startTracks(meeting);
    await speak(ann);
    await runs(recording);
    await pass(1_500);
    await stage.kit.activeSession.kickAllParticipants(meeting, stage.scope);
    const done = await over(recording);
    expect(done).toMatchObject({ status: 'UPLOADED', stop_reason: { detail: 'session_ended' } });
    const [file] = await download(done);
    expect(file).toMatchObject({
      layer_name: 'default',
      prefix: 'default',
      userId: ann.participantId,
      custom_participant_id: 'custom-Ann',
    });
    expect(file!.durationMs).toBeGreaterThan(1_000);
    expect(Math.abs(done.recording_duration! * 1000 - file!.durationMs)).toBeLessThan(1_000);
  });

  test('it survives kill -9 of the server, with what was recorded before and after', async () => {
    const meeting = await stage.backend.newMeeting();
    const ann = await enter(meeting, 'Ann');
    const participant = await stage.invite(meeting, 'Tom');
    const recording = await startTracks(meeting);
    await speak(ann);
    await pass(1_500);
    await stage.parley.kill();
    const killedAt = Date.now();
    await stage.parley.start();
    expect((await read(recording)).status).toBe('RECORDING');
    const tom = await stage.rawSocket(participant);
    expect(await tom.join('Tom')).toBeNull();
    await speak(tom);
    await pass(1_200);
    await stop(recording);
    const done = await over(recording);
    expect(done).toMatchObject({ status: 'UPLOADED', gaps: [{ reason: 'server_restarted' }] });
    const files = await download(done);
    const ofAnn = files.find(({ userId }) => userId === ann.participantId)!;
    expect(ofAnn.startedAtMs + ofAnn.durationMs).toBeGreaterThan(killedAt - 500);
    expect(files.find(({ userId }) => userId === tom.participantId)!.durationMs).toBeGreaterThan(700);
  });

  /** The webhooks of a recording, in their order (RC04). */
  async function told({ id, session_id }: Recording, statuses: string[]): Promise<void> {
    const updates = () =>
      receiver.arrivals
        .map(({ body }) => JSON.parse(body.toString()))
        .filter(({ recording }) => recording?.recordingId === id || recording?.id === id);
    await until('all webhooks are there', () => updates().length >= statuses.length);
    expect(updates().map(({ recording }) => recording.status)).toEqual(statuses);
    expect(updates()[0].meeting.sessionId).toBe(session_id);
  }
});

/** What is to be heard in a file, by ffmpeg's judgement. */
async function listen(path: string) {
  const probe = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=codec_name:format=duration', '-of', 'json', path],
  ]);
  const { streams, format } = JSON.parse(probe.stdout);
  const { stderr } = await run('ffmpeg', ['-i', path, '-af', 'volumedetect', '-f', 'null', '-']);
  return {
    codec: streams[0].codec_name as string,
    durationMs: Number(format.duration) * 1000,
    meanVolumeDb: Number(/mean_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]),
  };
}
