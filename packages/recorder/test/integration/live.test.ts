import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecorderEvent } from '../../src/contract.js';
import { lipSyncMs, lookAt } from '../support/look.js';
import { descendantsOf } from '../support/processes.js';
import { Bench, type Recorder, SMALL } from '../support/recorder.js';
import { type RecordingApp, serveRecordingApp } from '../support/recording-app.js';
import { type RtmpServer, rtmpServer, rtmpServerIsInstalled } from '../support/rtmp-server.js';

const LIVE_WITHIN = { timeout: 20_000, interval: 100 };

let app: RecordingApp;
let bench: Bench;

beforeAll(async () => {
  app = await serveRecordingApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.dispose());

const rtmpStates = (events: readonly RecorderEvent[]) =>
  events.flatMap((event) => (event.kind === 'rtmp' ? [event.state] : []));

const becomesLive = (recorder: Recorder, times: number) =>
  vi.waitUntil(
    () => rtmpStates(recorder.events).filter((state) => state === 'live').length >= times,
    LIVE_WITHIN,
  );

describe.skipIf(!rtmpServerIsInstalled)('a recording that is sent to an RTMP server', () => {
  let server: RtmpServer;

  beforeEach(async () => {
    server = await rtmpServer();
  });
  afterEach(() => server.dispose());

  it('arrives there in step, and comes back after the server was away; the file is whole (RC31, LS05)', async () => {
    await server.start();
    const recorder = bench.record(app.url(), SMALL, { rtmpUrls: [server.url('key')] });
    const { atMs } = await recorder.event('recording');
    await becomesLive(recorder, 1);
    await sleep(3_000);
    await server.stop();
    await vi.waitUntil(() => rtmpStates(recorder.events).includes('failed'), LIVE_WITHIN);
    await server.start();
    await becomesLive(recorder, 2);
    await sleep(1_000);
    const lengthMs = Date.now() - atMs;
    const [file] = await recorder.stop();
    expect(Math.abs(file!.durationMs - lengthMs)).toBeLessThan(1_000);
    for (const event of recorder.events) {
      if (event.kind === 'rtmp' && event.reason) expect(event.reason).not.toContain('/live/key');
    }
    const look = await lookAt((await server.received())[0]!);
    expect(look.streams.map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
    expect(look.colour[2]).toBeGreaterThan(200);
    expect(lipSyncMs(look).length).toBeGreaterThan(0);
    for (const offsetMs of lipSyncMs(look)) expect(Math.abs(offsetMs)).toBeLessThan(100);
  });

  it('goes on after kill -9 of each ffmpeg, and after a pause; the file is whole', async () => {
    await server.start();
    const recorder = bench.record(app.url(), SMALL, { rtmpUrls: [server.url('key')] });
    const { atMs } = await recorder.event('recording');
    await becomesLive(recorder, 1);
    for (const pid of descendantsOf(recorder.pid, 'ffmpeg')) process.kill(pid, 'SIGKILL');
    await becomesLive(recorder, 2);
    const beforePauseMs = Date.now();
    recorder.command('pause');
    const paused = await recorder.event('paused');
    expect(paused.atMs).toBeGreaterThanOrEqual(beforePauseMs);
    await sleep(1_000);
    recorder.command('resume');
    const resumed = await recorder.event('resumed');
    await sleep(2_500);
    const lengthMs = Date.now() - resumed.atMs + paused.atMs - atMs;
    const [file] = await recorder.stop();
    expect(Math.abs(file!.durationMs - lengthMs)).toBeLessThan(1_000);
  });
});

it('a recording to a server that is not there is tried again and again, and harms no file', async () => {
  const recorder = bench.record(app.url(), SMALL, { rtmpUrls: ['rtmp://127.0.0.1:9/live/key'] });
  await recorder.event('recording');
  await vi.waitUntil(() => rtmpStates(recorder.events).length >= 2, LIVE_WITHIN);
  expect(new Set(rtmpStates(recorder.events))).toEqual(new Set(['failed']));
  expect(await recorder.stop()).toHaveLength(1);
});

it('a livestream is a playlist with a sliding window of segments, and no file where none is wanted (LS01)', async () => {
  const folder = join(bench.folder, 'hls');
  const output = { ...SMALL, video: { ...SMALL.video!, exportFile: false } };
  const hls = { folder, segmentSeconds: 2, windowSegments: 2 };
  const recorder = bench.record(app.url(), output, { hls });
  await recorder.event('recording');
  const playlist = () => readFile(join(folder, 'index.m3u8'), 'utf8').catch(() => '');
  await vi.waitUntil(async () => /MEDIA-SEQUENCE:[1-9]/.test(await playlist()), LIVE_WITHIN);
  const segments = (await playlist()).match(/segment-\d+\.ts/g)!;
  expect(segments).toHaveLength(2);
  const look = await lookAt(join(folder, segments[0]!));
  expect(look.streams.map(({ codec_name }) => codec_name).sort()).toEqual(['aac', 'h264']);
  expect(look.colour[2]).toBeGreaterThan(200);
  expect(await recorder.stop()).toEqual([]);
  expect(await playlist()).toContain('#EXT-X-ENDLIST');
  expect(existsSync(join(bench.folder, 'capture-0000.mkv'))).toBe(false);
});
