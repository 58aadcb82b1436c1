import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lipSyncMs, lookAt } from '../support/look.js';
import { Bench, VIDEO } from '../support/recorder.js';
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
    expect(look.frameTimes).toHaveLength(file!.frames);
    expect(Math.abs(file!.durationMs - lengthMs)).toBeLessThan(1_000);
    expect(look.colour[2]).toBeGreaterThan(200);
    expect(look.colour[0]).toBeLessThan(40);
    expect(file!.peakDbfs).toBeGreaterThan(-12);
    expect(lipSyncMs(look).length).toBeGreaterThan(3);
    for (const offsetMs of lipSyncMs(look)) expect(Math.abs(offsetMs)).toBeLessThan(100);
  });
});
