import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../../../src/http/errors.js';
import type { LivestreamSessionId } from '../../../src/ids.js';
import { playback } from '../../../src/livestreams/playback.js';
import type { WatchedRun } from '../../../src/livestreams/watched-runs.js';

const RUN = 'run' as LivestreamSessionId;
const PATH = '/live/key/index.m3u8';
const VIEWERS = 1_000;

function livestream() {
  let segments = 1;
  const run: WatchedRun = { id: RUN, isOver: false, isLive: true };
  const disk = {
    playlist: vi.fn(async () =>
      ['#EXTM3U', ...Array.from({ length: segments }, (_, at) => `segment-00000${at}.ts`), ''].join('\n'),
    ),
    segmentPath: () => null,
  };
  const viewers = { count: vi.fn() };
  const app = playback({ runs: { find: async () => ({ ...run }) }, disk, viewers, windowMs: 300_000 });
  app.onError((error) => new Response(null, { status: error instanceof ApiError ? error.status : 500 }));
  return {
    disk,
    viewers,
    run,
    load: (headers: Record<string, string> = {}) => app.request(PATH, { headers }),
    grow: () => {
      segments += 1;
      vi.advanceTimersByTime(500);
    },
  };
}

describe('the playlist of a livestream', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is read as often for a thousand viewers as for one, and each of their loads is counted', async () => {
    const reads: number[] = [];
    for (const count of [1, VIEWERS]) {
      const { disk, viewers, load } = livestream();
      const answers = await Promise.all(Array.from({ length: count }, () => load()));
      expect(new Set(await Promise.all(answers.map((answer) => answer.text())))).toEqual(
        new Set(['#EXTM3U\nrun/segment-000000.ts\n']),
      );
      expect(viewers.count).toHaveBeenCalledTimes(count);
      reads.push(disk.playlist.mock.calls.length);
    }
    expect(reads).toEqual([1, 1]);
  });

  it('is sent again only when it has changed', async () => {
    const { load, grow, viewers } = livestream();
    const etag = (await load()).headers.get('etag')!;
    for (const asked of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const answer = await load({ 'if-none-match': asked });
      expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, etag, '']);
    }
    expect(viewers.count).toHaveBeenCalledTimes(4);
    grow();
    const changed = await load({ 'if-none-match': etag });
    expect(changed.status).toBe(200);
    expect(await changed.text()).toBe('#EXTM3U\nrun/segment-000000.ts\nrun/segment-000001.ts\n');
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  it('says that it is over as soon as that is known, whatever was read before', async () => {
    const { load, run } = livestream();
    expect(await (await load()).text()).not.toContain('#EXT-X-ENDLIST');
    Object.assign(run, { isOver: true, isLive: false });
    expect(await (await load()).text()).toContain('\n#EXT-X-ENDLIST\n');
  });

  it('is looked for anew as long as there is none', async () => {
    const { load, disk } = livestream();
    disk.playlist.mockResolvedValueOnce(null as never);
    expect((await load()).status).toBe(404);
    expect((await load()).status).toBe(200);
  });
});
