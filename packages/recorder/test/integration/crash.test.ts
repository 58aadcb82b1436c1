import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { mayMount, SmallDisk } from '../../../../tests/support/small-disk.js';
import { lipSyncMs, lookAt } from '../support/look.js';
import { busiestOf, descendantsOf, isRunning } from '../support/processes.js';
import { Bench, SMALL } from '../support/recorder.js';
import { type RecordingApp, serveRecordingApp } from '../support/recording-app.js';

/** Two chunks, of which the last one may not have left Chromium, and the time that passes in between. */
const LOST_AT_MOST_MS = 1_500;

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

describe('kill -9 in the middle of a recording', () => {
  it('of the recorder takes its Chromium along, and `finish` makes a file of what was recorded', async () => {
    const recorder = bench.record(app.url(), SMALL);
    const { atMs } = await recorder.event('recording');
    await sleep(3_000);
    const chromium = descendantsOf(recorder.pid, '/chromium')[0]!;
    const lengthMs = Date.now() - atMs;
    recorder.child.kill('SIGKILL');
    await recorder.exited;
    await vi.waitUntil(() => !isRunning(chromium), 10_000);

    const finisher = bench.finish(SMALL);
    const { files } = await finisher.event('finished');
    await finisher.exited;
    expect(files).toMatchObject([{ kind: 'video', path: `${bench.folder}/meeting_1.mp4` }]);
    expect(files[0]!.durationMs).toBeGreaterThan(lengthMs - LOST_AT_MOST_MS);
    const look = await lookAt(files[0]!.path);
    expect(look.frameTimes).toHaveLength(files[0]!.frames);
    expect(lipSyncMs(look).length).toBeGreaterThan(0);
  });

  it('of what stands by, and of its server, leaves nothing behind', async () => {
    const [orphan, headless] = await Promise.all([bench.standBy(), bench.standBy()]);
    const chromium = descendantsOf(orphan.pid, '/chromium')[0]!;
    orphan.child.disconnect();
    process.kill(descendantsOf(headless.pid, '/chromium')[0]!, 'SIGKILL');
    await Promise.all([orphan.exited, headless.exited]);
    await vi.waitUntil(() => !isRunning(chromium), 10_000);
  });

  it('of Chromium ends the recording, and the file holds what was recorded', async () => {
    const recorder = bench.record(app.url(), SMALL);
    const { atMs } = await recorder.event('recording');
    await sleep(2_500);
    const lengthMs = Date.now() - atMs;
    process.kill(descendantsOf(recorder.pid, '/chromium')[0]!, 'SIGKILL');
    expect(await recorder.event('stopping')).toMatchObject({ reason: 'browser_died' });
    const files = await recorder.stop();
    expect(files[0]!.durationMs).toBeGreaterThan(lengthMs - LOST_AT_MOST_MS);
  });

  it('of the page loads it anew, and the file goes on', async () => {
    const recorder = bench.record(app.url({ busy: '' }), SMALL);
    const { atMs } = await recorder.event('recording');
    process.kill(await busiestOf(descendantsOf(recorder.pid, '--type=renderer'), 1_500), 'SIGKILL');
    const gap = await recorder.event('gap');
    expect(gap.reason).toContain('crashed');
    await sleep(2_000);
    const lengthMs = Date.now() - atMs;
    const [file] = await recorder.stop();
    expect(Math.abs(file!.durationMs - lengthMs)).toBeLessThan(3_000);
    const { flashes } = await lookAt(file!.path);
    expect(flashes.at(-1)).toBeGreaterThan((gap.toMs - atMs) / 1000 - 1);
  });

  it('of its server leaves what was recorded to a later `finish`', async () => {
    const recorder = bench.record(app.url(), SMALL);
    await recorder.event('recording');
    await sleep(2_000);
    recorder.child.disconnect();
    await recorder.exited;
    expect(await readdir(bench.folder)).toEqual(['capture-0000.mkv']);
    const { files } = await bench.finish(SMALL).event('finished');
    expect(files[0]!.durationMs).toBeGreaterThan(2_000);
  });
});

describe('a full disk', () => {
  it.skipIf(!mayMount)(
    'ends the recording, and `finish` makes a file of the parts once there is room',
    async () => {
      const disk = SmallDisk.mount(128 * 1024);
      const small = await Bench.open(disk.folder);
      try {
        const recorder = small.record(app.url(), SMALL);
        await recorder.event('recording');
        await sleep(2_000);
        disk.fill();
        expect(await recorder.event('failed')).toMatchObject({ code: 'disk_full' });
        await recorder.exited;
        disk.fill();
        const hopeless = small.finish(SMALL);
        expect(await hopeless.event('failed')).toMatchObject({ code: 'disk_full' });
        await hopeless.exited;
        disk.free();
        const finisher = small.finish(SMALL);
        const { files } = await finisher.event('finished');
        await finisher.exited;
        expect(files[0]!.durationMs).toBeGreaterThan(2_000 - LOST_AT_MOST_MS);
        expect((await lookAt(files[0]!.path)).frameTimes).toHaveLength(files[0]!.frames);
      } finally {
        await small.dispose();
        disk.unmount();
      }
    },
  );

  it('is told where it is the file that finds no room, and `finish` may be tried again', async () => {
    const recorder = bench.record(app.url(), SMALL);
    await recorder.event('recording');
    await sleep(2_000);
    await symlink('/dev/full', join(bench.folder, 'unfinished.mp4'));
    recorder.command('stop');
    expect(await recorder.event('failed')).toMatchObject({ code: 'disk_full' });
    await recorder.exited;
    const { files } = await bench.finish(SMALL).event('finished');
    expect(files).toHaveLength(1);
  });
});

it('`finish` finds nothing to make a file of where nothing was recorded', async () => {
  expect(await bench.finish(SMALL).event('failed')).toMatchObject({ code: 'empty' });
});
