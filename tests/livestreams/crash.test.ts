import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';
import { type Livestream, type LivestreamStage, startLivestreamStage } from './stage.js';

describe.skipIf(!serverIsBuilt)('after a crash of the server', () => {
  let stage: LivestreamStage;
  beforeAll(async () => {
    stage = await startLivestreamStage({ PARLEY_RECORDING_EMPTY_SECONDS: '5' });
  });
  afterAll(() => stage?.dispose());

  async function streamed(name: string) {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    return { meeting, host, ...(await stage.start(meeting, { name })) };
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

  const playlistOf = async (playbackUrl: string) => await (await stage.play(playbackUrl)).text();
  const segmentsOf = (playlist: string) => playlist.match(/^[^#\n]+$/gm) ?? [];

  /** Goes on at its address with what was to be seen before, and says that it was away. */
  const goesOn = async ({ id, playback_url }: Livestream, before: string) => {
    await until('it was told', () => statusesOf(id).length === 4);
    expect(statusesOf(id)).toEqual(['IDLE', 'LIVE', 'IDLE', 'LIVE']);
    const after = await until('what is new can be watched', async () => {
      const playlist = await playlistOf(playback_url);
      return playlist.includes('#EXT-X-DISCONTINUITY') && playlist;
    });
    expect(segmentsOf(after).slice(0, segmentsOf(before).length)).toEqual(segmentsOf(before));
    expect(after).not.toContain('#EXT-X-ENDLIST');
    expect((await stage.of(id)).livestream).toMatchObject({ status: 'LIVE', playback_url });
  };

  test('what was LIVE goes on at its address, and what had not begun is begun anew (LS01)', async () => {
    const [live, late] = [await streamed('fine'), await streamed('empty')];
    await stage.reached(live.id, 'LIVE');
    const { session } = await stage.of(late.id);
    const first = await until('a recorder', () => recorderOf(session.id));
    const before = await playlistOf(live.playback_url);
    await stage.parley.kill();
    await stage.parley.start();
    // Until there is more, what there is can be watched, and nobody is told that it is over.
    expect(await playlistOf(live.playback_url)).not.toContain('#EXT-X-ENDLIST');
    await goesOn(live, before);
    await until('another recorder', () => ![undefined, first].includes(recorderOf(session.id)));
    expect((await stage.of(late.id)).session).toMatchObject({ id: session.id, status: 'INVOKED' });

    await stage.stop(live.meeting);
    await until('the end was told', () => statusesOf(live.id).at(-1) === 'OFFLINE');
    const { session: run } = await stage.of(live.id);
    // The time in which nobody made it does not count.
    const allMs = Date.parse(run.stopped_time) - Date.parse(run.started_time);
    expect(run.ingest_seconds).toBeLessThanOrEqual(Math.round(allMs / 1000));
    expect(run).toMatchObject({ status: 'ENDED', err_message: null });
    await until('the end is written', async () =>
      (await playlistOf(live.playback_url)).includes('#EXT-X-ENDLIST'),
    );
  });

  test('a stop of the server leaves no recorder, and the next one goes on with the livestream', async () => {
    const live = await streamed('fine');
    await stage.reached(live.id, 'LIVE');
    const before = await playlistOf(live.playback_url);
    const recorder = recorderOf((await stage.of(live.id)).session.id);
    expect(isRunning(recorder)).toBe(true);
    expect(await stage.parley.stop()).toBe(0);
    expect(isRunning(recorder)).toBe(false);
    await stage.parley.start();
    await goesOn(live, before);
  });

  test('what everybody had left is stopped all the same (L14)', async () => {
    const { id, meeting, host } = await streamed('fine');
    await stage.reached(id, 'LIVE');
    const session = (await stage.activeSession(meeting))!;
    host.leave();
    await until('she has left', async () =>
      (await stage.peersOf(session.id)).every(({ left_at }) => left_at),
    );
    await stage.parley.kill();
    await stage.parley.start();
    await stage.reached(id, 'IDLE');
    await until('the end was told', () => statusesOf(id).at(-1) === 'OFFLINE');
    expect((await stage.of(id)).session).toMatchObject({ status: 'ENDED', err_message: null });
  });
});
