import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Context, Hono } from 'hono';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import { rangeOf } from '../files/file-routes.js';
import { ApiError } from '../http/errors.js';
import type { LivestreamSessionId } from '../ids.js';
import { PLAYLIST } from './addresses.js';
import type { LivestreamDisk } from './disk.js';
import { SEGMENT_SECONDS } from './orders.js';
import type { ViewerTime } from './viewers.js';

/** Players may stand on any site. */
const HEADERS: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-expose-headers': 'content-length, content-range',
};
const KEY = /^[\w-]{43}$/;
const END = '#EXT-X-ENDLIST';
/** So long all the viewers of a livestream share one look into the tables. */
const REMEMBERED_MS = 1_000;
const REMEMBERED_MAX = 1_000;

export interface PlaybackOptions {
  db: Kysely<Database>;
  clock: Clock;
  disk: LivestreamDisk;
  viewers: ViewerTime;
  /** How far viewers can seek back, and how long what is over can still be watched. */
  windowMs: number;
}

interface Run {
  id: LivestreamSessionId;
  isLive: boolean;
}

/**
 * What players load (features.md LS01, Q06): a playlist at an address that stays, and segments at addresses that are
 * never used twice, so that caches may keep them. The address is the permission.
 */
export function playback(options: PlaybackOptions): Hono {
  const { disk, viewers, windowMs } = options;
  const runs = new Runs(options);
  const app = new Hono();

  app.get(`/live/:key/${PLAYLIST}`, async (c) => {
    const run = await runs.find(c.req.param('key'));
    const playlist = run && (await disk.playlist(run.id));
    if (!playlist) throw nothingToWatch();
    if (run.isLive && c.req.method === 'GET') viewers.count(run.id, SEGMENT_SECONDS);
    return c.body(served(playlist, run), 200, {
      ...HEADERS,
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'no-store',
    });
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

/** Segments below the folder of their run; and the end of what is over, also where its recorder could not write it. */
function served(playlist: string, { id, isLive }: Run): string {
  const text = playlist.replaceAll(/^(?=segment-)/gm, `${id}/`);
  return isLive || text.includes(END) ? text : `${text.trimEnd()}\n${END}\n`;
}

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

/** Which run is to be seen at an address: the newest one, until its window has passed. */
class Runs {
  readonly #remembered = new Map<string, { until: number; run: Promise<Run | null> }>();

  constructor(private readonly options: PlaybackOptions) {}

  find(key: string): Promise<Run | null> {
    if (!KEY.test(key)) return Promise.resolve(null);
    const now = performance.now();
    const known = this.#remembered.get(key);
    if (known && known.until > now) return known.run;
    const run = this.#load(key);
    const forget = () => this.#remembered.delete(key);
    // What is not there yet may be there at the next question.
    run.then((found) => found ?? forget(), forget);
    this.#remembered.delete(key);
    this.#remembered.set(key, { until: now + REMEMBERED_MS, run });
    if (this.#remembered.size > REMEMBERED_MAX) {
      this.#remembered.delete(this.#remembered.keys().next().value!);
    }
    return run;
  }

  async #load(key: string): Promise<Run | null> {
    const { db, clock, windowMs } = this.options;
    const row = await db
      .selectFrom('livestream_sessions as session')
      .innerJoin('livestreams as livestream', 'livestream.id', 'session.livestream_id')
      .select(['session.id', 'session.status', 'session.stopped_at'])
      .where('livestream.playback_key', '=', key)
      .orderBy('session.invoked_at', 'desc')
      .orderBy('session.id', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (!row || row.status === 'INVOKED') return null;
    const isOver = row.stopped_at !== null && row.stopped_at.getTime() + windowMs <= clock.now().getTime();
    return isOver ? null : { id: row.id, isLive: row.status === 'LIVE' };
  }
}
