import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type RecordingStage, startRecordingStage } from './stage.js';

describe.skipIf(!serverIsBuilt)('after a crash of the server', () => {
  let stage: RecordingStage;
  beforeAll(async () => {
    stage = await startRecordingStage();
  });
  afterAll(() => stage?.dispose());

  async function recorded(fault: string) {
    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Mary', 'group_call_host');
    const { id } = await stage.start(meeting, {}, fault);
    return id;
  }

  /** The process that records, as the server has written it down; undefined when there is none. */
  function recorderOf(id: string): number | undefined {
    const file = join(stage.parley.dataDir, 'recordings/under-way', id, 'recorder.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) : undefined;
  }

  /** One that has ended may still wait for somebody to take note. */
  const isRunning = (pid: number | undefined) =>
    existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

  test.each([
    ['in mid-recording', 'fine', 'RECORDING'],
    ['while its recorder does not stop', 'hangs_stop', 'UPLOADING'],
  ] as const)(
    '%s a recording keeps what it has, and says what happened (RC05, RC12)',
    async (_, fault, at) => {
      const id = await recorded(fault);
      await stage.reached(id, 'RECORDING');
      if (at === 'UPLOADING') await stage.control(id, 'stop');
      await stage.parley.kill();
      await stage.parley.start();
      const done = await stage.reached(id, 'UPLOADED');
      expect(done.stop_reason).toMatchObject(
        at === 'UPLOADING'
          ? { reason: 'API_CALL', detail: 'stopped' }
          : { reason: 'INTERNAL_ERROR', detail: 'server_restarted' },
      );
      const link = new URL(done.download_url!);
      expect((await fetch(link)).status).toBe(200);
      await until('the end was told', () => stage.statusesToldOf(id).includes('UPLOADED'));
      expect(stage.statusesToldOnceOf(id)).toEqual(['INVOKED', 'RECORDING', 'UPLOADING', 'UPLOADED']);
    },
  );

  test('a recording that had not begun is begun anew', async () => {
    const id = await recorded('hangs_start');
    const first = await until('a recorder', () => recorderOf(id));
    await stage.parley.kill();
    await stage.parley.start();
    await until('another recorder', () => {
      const now = recorderOf(id);
      return now !== undefined && now !== first;
    });
    expect(await stage.get(id)).toMatchObject({ status: 'INVOKED' });
    await stage.control(id, 'stop');
    await stage.reached(id, 'ERRORED');
  });

  test('a recorder that does not notice is ended, and a stop leaves none behind', async () => {
    const id = await recorded('lives_on');
    await stage.reached(id, 'RECORDING');
    const orphan = recorderOf(id);
    await stage.parley.kill();
    await stage.parley.start();
    await stage.reached(id, 'UPLOADED');
    expect(isRunning(orphan)).toBe(false);

    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Tom', 'group_call_host');
    const next = await stage.start(meeting, {}, 'lives_on');
    await stage.reached(next.id, 'RECORDING');
    const stopped = recorderOf(next.id);
    expect(await stage.parley.stop()).toBe(0);
    expect(isRunning(stopped)).toBe(false);
    await stage.parley.start();
    expect(await stage.reached(next.id, 'UPLOADED')).toMatchObject({
      stop_reason: { reason: 'INTERNAL_ERROR' },
    });
  });
});
