import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Output } from '../../src/contract.js';
import { lipSyncMs, lookAt } from '../support/look.js';
import { Bench, type Recorder, SMALL, VIDEO } from '../support/recorder.js';
import { type RecordingApp, serveRecordingApp } from '../support/recording-app.js';

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

describe('a recording', () => {
  it('is an MP4 of what the page showed and played, in step (RC20, RC34, RC38)', async () => {
    const recorder = bench.record(app.url(), VIDEO);
    const { atMs } = await recorder.event('recording');
    await sleep(6_000);
    const lengthMs = Date.now() - atMs;
    const [file] = await recorder.stop();
    expect(file).toMatchObject({ kind: 'video', path: `${bench.folder}/meeting_1.mp4` });
    const look = await lookAt(file!.path);
    expect(look.streams).toMatchObject([
      { codec_name: 'h264', width: 1280, height: 720 },
      { codec_name: 'aac', channels: 2 },
    ]);
    expect(look.frameTimes).toHaveLength(file!.frames);
    expect(Math.abs(file!.durationMs - lengthMs)).toBeLessThan(1_000);
    expectBlue(look.colour);
    expect(file!.peakDbfs).toBeGreaterThan(-12);
    expect(lipSyncMs(look).length).toBeGreaterThan(3);
    for (const offsetMs of lipSyncMs(look)) expect(Math.abs(offsetMs)).toBeLessThan(100);
    const kinds = recorder.events.map(({ kind }) => kind);
    expect(kinds).toContain('alive');
    expect(kinds.filter((kind) => kind !== 'alive' && kind !== 'starting')).toEqual([
      'recording',
      'finished',
    ]);
    const phases = recorder.events.flatMap((event) => (event.kind === 'starting' ? [event.phase] : []));
    expect(phases).toEqual(['browser', 'capture', 'page', 'session', 'encoding']);
  });

  it('is an upright WebM with VP8, Vorbis and one channel where that is asked for, by a recorder that stood by (RC20, RC21)', async () => {
    const recorder = await bench.standBy();
    bench.handOver(recorder, app.url(), {
      video: { codec: 'VP8', width: 270, height: 480, exportFile: true },
      audio: { codec: 'AAC', channel: 'mono', exportFile: false },
    });
    await recorder.event('recording');
    await sleep(3_000);
    const [file] = await recorder.stop();
    expect(file!.path).toBe(`${bench.folder}/meeting_1.webm`);
    const look = await lookAt(file!.path);
    expect(look.streams).toMatchObject([
      { codec_name: 'vp8', width: 270, height: 480 },
      { codec_name: 'vorbis', channels: 1 },
    ]);
    expectBlue(look.colour);
    expect(look.beeps.length).toBeGreaterThan(1);
  });

  it('begins each time, at once with others and after them, and with an order that comes before the browser', async () => {
    const others = await Promise.all([Bench.open(), Bench.open(), Bench.open()]);
    const [ready, early, together] = others as [Bench, Bench, Bench];
    const shot = async (recorder: Recorder) => {
      await recorder.event('recording');
      await sleep(1_000);
      const [file] = await recorder.stop();
      expect(file!.frames).toBeGreaterThan(0);
      expect(file!.peakDbfs).toBeGreaterThan(-12);
      expectBlue((await lookAt(file!.path)).colour);
    };
    const ordered = (from: Bench, recorder: Recorder) => {
      from.handOver(recorder, app.url(), SMALL);
      return shot(recorder);
    };
    try {
      const standby = await ready.standBy();
      await Promise.all([
        ordered(ready, standby),
        ordered(early, await early.standBy({ isReady: false })),
        shot(together.record(app.url(), SMALL)),
      ]);
      await shot(bench.record(app.url(), SMALL));
    } finally {
      await Promise.all(others.map((other) => other.dispose()));
    }
  });

  it('is sound alone where no picture is asked for (RC22, RC23)', async () => {
    const audio = { codec: 'MP3', channel: 'stereo', exportFile: true } as const;
    const recorder = bench.record(app.url(), { audio });
    const { atMs } = await recorder.event('recording');
    await sleep(3_000);
    const lengthMs = Date.now() - atMs;
    const files = await recorder.stop();
    expect(files).toMatchObject([{ kind: 'audio', path: `${bench.folder}/meeting_1.mp3`, frames: 0 }]);
    expect(Math.abs(files[0]!.durationMs - lengthMs)).toBeLessThan(1_000);
    expect(files[0]!.peakDbfs).toBeGreaterThan(-12);
  });

  it('has its pause cut out, and stays in step behind it (RC06)', async () => {
    const both: Output = { ...SMALL, audio: { ...SMALL.audio, exportFile: true } };
    const recorder = bench.record(app.url(), both);
    const { atMs } = await recorder.event('recording');
    await sleep(2_500);
    recorder.command('pause');
    const paused = await recorder.event('paused');
    await sleep(2_000);
    recorder.command('resume');
    const resumed = await recorder.event('resumed');
    await sleep(3_000);
    const lengthMs = Date.now() - resumed.atMs + paused.atMs - atMs;
    const [video, sound] = await recorder.stop();
    expect(Math.abs(video!.durationMs - lengthMs)).toBeLessThan(1_000);
    expect(sound).toMatchObject({ kind: 'audio', path: `${bench.folder}/meeting_1.m4a` });
    expect(Math.abs(sound!.durationMs - lengthMs)).toBeLessThan(1_000);
    const look = await lookAt(video!.path);
    const offsets = lipSyncMs(look);
    expect(offsets.length).toBeGreaterThan(2);
    for (const offsetMs of offsets) expect(Math.abs(offsetMs)).toBeLessThan(100);
    const steps = look.frameTimes.slice(1).map((time, index) => time - look.frameTimes[index]!);
    expect(Math.max(...steps)).toBeLessThan(1);
  });

  it('tells when the page was without its session, and stops when the app says so, but no later than the server (RC38)', async () => {
    const recorder = bench.record(app.url({ offlineAfterMs: '1500', stopAfterMs: '6000' }), SMALL);
    const gap = await recorder.event('gap');
    expect(gap.toMs - gap.fromMs).toBeGreaterThan(500);
    expect(gap.toMs - gap.fromMs).toBeLessThan(3_500);
    const stopping = await recorder.event('stopping');
    expect(stopping.reason).toBe('page_stopped');
    recorder.child.send({ kind: 'stop', atMs: stopping.atMs - 2_000 });
    const { files } = await recorder.event('finished');
    expect(files).toHaveLength(1);
    const { atMs } = await recorder.event('recording');
    expect(Math.abs(files[0]!.durationMs - (stopping.atMs - 2_000 - atMs))).toBeLessThan(500);
  });

  it('begins when the app asks for it, and not before (RC39)', async () => {
    const url = app.url({ manual: '', startAfterMs: '1500' });
    const recorder = bench.record(url, SMALL, { startWithinMs: 15_000 });
    await recorder.event('recording');
    await sleep(1_000);
    expect(await recorder.stop()).toHaveLength(1);
  });
});

describe('a recording that cannot be', () => {
  it.each([
    [
      'the app does not ask for it in time (RC39)',
      () => app.url({ manual: '' }),
      'did not start the recording',
    ],
    ['the page is no recording app', () => app.url().replace('/app', '/empty'), 'opened no socket'],
    ['there is no such page', () => app.url().replace('/app', '/missing'), 'ERR_HTTP_RESPONSE'],
    ['nobody answers at that address', () => 'http://127.0.0.1:9/', 'did not load'],
  ])('fails with the reason where %s', async (_, url, reason) => {
    const recorder = bench.record(url(), SMALL, { startWithinMs: 4_000 });
    const failed = await recorder.event('failed');
    expect(failed).toMatchObject({ code: 'page_failed', reason: expect.stringContaining(reason) });
    const kinds = recorder.events.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'alive' && kind !== 'starting')).toEqual(['failed']);
    await recorder.exited;
  });

  it('is no recording where the page had sound and the file has none', async () => {
    const recorder = bench.record(app.url({ silent: '', claimsSound: '' }), SMALL);
    await recorder.event('recording');
    await sleep(3_500);
    recorder.command('stop');
    expect(await recorder.event('failed')).toMatchObject({ code: 'empty' });
  });

  it('ends at once where it is stopped before it began, however early (RC15)', async () => {
    const recorder = bench.record(app.url(), SMALL);
    recorder.command('stop');
    expect(await recorder.event('failed')).toMatchObject({ code: 'empty' });
    await recorder.exited;
  });

  it('says what to install where Chromium is missing', async () => {
    const recorder = bench.record(app.url(), SMALL, {}, { PARLEY_CHROMIUM: '/nowhere/chromium' });
    const { code, reason } = await recorder.event('failed');
    expect({ code, reason }).toEqual({
      code: 'not_installed',
      reason: 'Recording needs chromium on the server: apt install chromium',
    });
  });
});

function expectBlue([red, , blue]: [number, number, number]): void {
  expect(red).toBeLessThan(40);
  expect(blue).toBeGreaterThan(200);
}
