import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type Receiver, startReceiver } from '../webhooks/receiver.js';

const run = promisify(execFile);
const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');
const RECORDED_MS = 4_000;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt || !ffmpegIsInstalled)('a real recorder', () => {
  let stage: Stage;
  let receiver: Receiver;
  beforeAll(async () => {
    [stage, receiver] = await Promise.all([setUpStage(), startReceiver()]);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  test('records picture and sound of a person until kick-all, seen by nobody (E02, RC01, RC04, RC20, RC34, X13)', async () => {
    const { client, accountId: account_id, appId: app_id } = stage.backend;
    const { recordings, webhooks } = client.realtimeKit;
    await webhooks.createWebhook(app_id, {
      account_id,
      name: 'recordings',
      url: receiver.url,
      events: ['recording.statusUpdate'],
    });
    const meeting_id = await stage.backend.newMeeting({ title: 'Recorded' });
    const host = await stage.enter(meeting_id, 'Mary', 'group_call_host');
    const { data } = await recordings.startRecordings(app_id, {
      account_id,
      meeting_id,
      file_name_prefix: 'real',
      video_config: { width: 640, height: 360 },
    });
    const { id } = data!;
    const reached = (status: string) =>
      until(
        `the recording is ${status}`,
        async () => {
          const { data: now } = await recordings.getOneRecording(id, { account_id, app_id });
          if (now!.status === 'ERRORED') throw new Error(JSON.stringify(now));
          return now!.status === status && now;
        },
        60_000,
      );
    const begun = await reached('RECORDING');
    const tookMs = Date.parse(begun.started_time!) - Date.parse(begun.invoked_time);
    await until('it has something to show', () => Date.now() - Date.parse(begun.started_time!) > RECORDED_MS);
    expect(await host.joinedIds()).toEqual([]);
    await stage.backend.kickAll(meeting_id);
    const done = await reached('UPLOADED');

    const file = join(stage.parley.dataDir, 'downloaded.mp4');
    // The name of the link is the SDK's own host, whose certificate Node does not trust.
    const link = new URL(done.download_url!);
    const bytes = Buffer.from(
      await (await fetch(`${stage.parley.httpUrl}${link.pathname}${link.search}`)).arrayBuffer(),
    );
    expect(bytes.byteLength).toBe(done.file_size);
    await writeFile(file, bytes);
    const probed = await run('ffprobe', [
      ...['-v', 'error', '-count_frames', '-of', 'json'],
      ...['-show_entries', 'stream=codec_name,width,height,nb_read_frames:format=duration', file],
    ]);
    const { streams, format } = JSON.parse(probed.stdout);
    expect(streams).toEqual([
      expect.objectContaining({ codec_name: 'h264', width: 640, height: 360 }),
      expect.objectContaining({ codec_name: 'aac' }),
    ]);
    expect(Number(streams[0].nb_read_frames)).toBeGreaterThan(RECORDED_MS / 100);
    const seconds = (Date.parse(done.stopped_time!) - Date.parse(done.started_time!)) / 1000;
    expect(Math.abs(Number(format.duration) - seconds)).toBeLessThan(2);
    expect(Math.abs(done.recording_duration! - Number(format.duration))).toBeLessThan(1);
    // The beeps of the fake microphone.
    const { stderr } = await run('ffmpeg', ['-i', file, '-af', 'volumedetect', '-vn', '-f', 'null', '-']);
    expect(Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)?.[1])).toBeGreaterThan(-40);
    // The green of the fake camera.
    const { stdout: average } = await run(
      'ffmpeg',
      [
        ...['-v', 'error', '-ss', '2', '-i', file, '-frames:v', '1'],
        ...['-vf', 'crop=iw/4:ih/4,scale=1:1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
      ],
      { encoding: 'buffer' },
    );
    expect(average[1]).toBeGreaterThan(average[0]! + 20);
    await until('the end was told', () => receiver.arrivals.length >= 4);
    const told = receiver.arrivals.map(({ body }) => JSON.parse(body.toString()).recording.status);
    expect(told).toEqual(['INVOKED', 'RECORDING', 'UPLOADING', 'UPLOADED']);
    expect(tookMs).toBeLessThan(20_000);
  });
});
