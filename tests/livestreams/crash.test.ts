import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type LivestreamStage, startLivestreamStage } from './stage.js';

describe.skipIf(!serverIsBuilt)('after a crash of the server', () => {
  let stage: LivestreamStage;
  beforeAll(async () => {
    stage = await startLivestreamStage();
  });
  afterAll(() => stage?.dispose());

  async function streamed(name: string) {
    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Mary', 'group_call_host');
    return { meeting, ...(await stage.start(meeting, { name })) };
  }

  const statusesOf = (id: string) => stage.updatesOf(id).map(({ status }) => status);

  /** The process that streams, as the server has written it down; undefined when there is none. */
  function recorderOf(sessionId: string): number | undefined {
    const file = join(stage.parley.dataDir, 'livestreams', sessionId, 'work', 'recorder.pid');
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) : undefined;
  }

  /** One that has ended may still wait for somebody to take note. */
  const isRunning = (pid: number | undefined) =>
    existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

  const isOver = async (id: string) => {
    await stage.reached(id, 'ERRORED');
    expect((await stage.of(id)).session.err_message).toBe(
      'The server was started again during the livestream',
    );
    await until('the end was told', () => statusesOf(id).includes('OFFLINE'));
    expect(statusesOf(id)).toEqual(['IDLE', 'LIVE', 'OFFLINE']);
  };

  test('what was LIVE is over and says so once, what had not begun is begun anew, and more can be started', async () => {
    const [live, late] = [await streamed('fine'), await streamed('empty')];
    await stage.reached(live.id, 'LIVE');
    const { session } = await stage.of(late.id);
    const first = await until('a recorder', () => recorderOf(session.id));
    await stage.parley.kill();
    const killedAt = Date.now();
    await stage.parley.start();
    await isOver(live.id);
    // Nothing was streamed while the server was away.
    expect(Date.parse((await stage.of(live.id)).session.stopped_time)).toBeLessThan(killedAt + 500);
    expect(await (await stage.play(live.playback_url)).text()).toContain('#EXT-X-ENDLIST');
    await until('another recorder', () => ![undefined, first].includes(recorderOf(session.id)));
    expect((await stage.of(late.id)).session).toMatchObject({ id: session.id, status: 'INVOKED' });
    expect(await stage.start(live.meeting)).toMatchObject({ id: live.id, playback_url: live.playback_url });
    await stage.reached(live.id, 'LIVE');
  });

  test('a stop of the server leaves no recorder, and the next one says what happened', async () => {
    const live = await streamed('fine');
    await stage.reached(live.id, 'LIVE');
    const recorder = recorderOf((await stage.of(live.id)).session.id);
    expect(isRunning(recorder)).toBe(true);
    expect(await stage.parley.stop()).toBe(0);
    expect(isRunning(recorder)).toBe(false);
    await stage.parley.start();
    await isOver(live.id);
  });
});
