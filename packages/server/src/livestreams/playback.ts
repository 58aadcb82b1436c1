import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import { rangeOf } from '../files/file-routes.js';
import { ApiError } from '../http/errors.js';
import { PLAYLIST } from './addresses.js';
import type { LivestreamDisk } from './disk.js';
import { SEGMENT_SECONDS } from './orders.js';
import { Playlists } from './playlists.js';
import type { ViewerTime } from './viewers.js';
import type { WatchedRuns } from './watched-runs.js';

/** Players may stand on any site. */
const HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-expose-headers': 'content-length, content-range',
};

export interface PlaybackOptions {
  runs: Pick<WatchedRuns, 'find'>;
  disk: Pick<LivestreamDisk, 'playlist' | 'segmentPath'>;
  viewers: Pick<ViewerTime, 'count'>;
  /** How far viewers can seek back, and how long what is over can still be watched. */
  windowMs: number;
}

/**
 * What players load (features.md LS01, Q06): a playlist at an address that stays, and segments at addresses that are
 * never used twice, so that caches may keep them. The address is the permission.
 */
export function playback({ runs, disk, viewers, windowMs }: PlaybackOptions): Hono {
  const playlists = new Playlists(disk);
  const app = new Hono();

  app.get(`/live/:key/${PLAYLIST}`, async (c) => {
    const run = await runs.find(c.req.param('key'));
    const playlist = run && (await playlists.find(run));
    if (!playlist) throw nothingToWatch();
    if (run.isLive && c.req.method === 'GET') viewers.count(run.id, SEGMENT_SECONDS);
    // A cache in between may keep it and has to ask each time, so that every load is seen here.
    const headers = { ...HEADERS, 'cache-control': 'no-cache', etag: playlist.etag };
    if (names(c.req.header('if-none-match'), playlist.etag)) return c.body(null, 304, headers);
    return c.body(playlist.text, 200, { ...headers, 'content-type': 'application/vnd.apple.mpegurl' });
  });

  app.get('/live/:key/:run/:segment', async (c) => {
    const run = await runs.find(c.req.param('key'));
    const path =
      run && run.id === c.req.param('run') ? disk.segmentPath(run.id, c.req.param('segment')) : null;
    if (!path) throw nothingToWatch();
    return await sendFile(c, path, {
      ...HEADERS,
      'content-type': 'video/mp2t',
      'cache-control': `public, max-age=${Math.ceil(windowMs / 1000)}, immutable`,
    });
  });
  return app;
}

const nothingToWatch = () => new ApiError(404, 'There is nothing to watch at this address');

/** Whether an `If-None-Match` names what there is; proxies that compress may have made a weak one of it. */
const names = (header: string | undefined, etag: string): boolean =>
  header === '*' || (header?.split(',') ?? []).some((one) => one.trim().replace(/^W\//, '') === etag);

async function sendFile(c: Context, path: string, headers: Record<string, string>): Promise<Response> {
  const file = await open(path).catch(() => {
    throw nothingToWatch();
  });
  const { size } = await file.stat();
  const range = rangeOf(c.req.header('range'), size);
  const answered: Record<string, string> = { ...headers, 'accept-ranges': 'bytes' };
  if (range === 'unsatisfiable' || size === 0 || c.req.method === 'HEAD') await file.close();
  if (range === 'unsatisfiable') {
    return c.body(null, 416, { ...answered, 'content-range': `bytes */${size}` });
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  answered['content-length'] = String(last - first + 1);
  if (range) answered['content-range'] = `bytes ${first}-${last}/${size}`;
  const status = range ? 206 : 200;
  if (size === 0 || c.req.method === 'HEAD') return c.body(null, status, answered);
  const bytes = Readable.toWeb(file.createReadStream({ start: first, end: last }));
  return c.body(bytes as ReadableStream, status, answered);
}
