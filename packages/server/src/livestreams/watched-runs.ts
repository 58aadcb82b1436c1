import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import type { LivestreamSessionId } from '../ids.js';
import { Remembered } from './remembered.js';

const KEY = /^[\w-]{43}$/;
/** So long all the viewers of a livestream share one look into the tables. */
const REMEMBERED_MS = 1_000;
const REMEMBERED_MAX = 1_000;

export interface WatchedRun {
  id: LivestreamSessionId;
  /** Nothing more comes. */
  isOver: boolean;
  /** There is something new just now. */
  isLive: boolean;
}

/** Which run is to be seen at an address: the newest one, until its window has passed. */
export class WatchedRuns {
  readonly #remembered = new Remembered<WatchedRun>(REMEMBERED_MS, REMEMBERED_MAX);

  constructor(
    private readonly db: Kysely<Database>,
    private readonly clock: Clock,
    private readonly windowMs: number,
  ) {}

  /** Null when there is nothing to watch. */
  async find(playbackKey: string): Promise<WatchedRun | null> {
    if (!KEY.test(playbackKey)) return null;
    return await this.#remembered.find(playbackKey, () => this.#load(playbackKey));
  }

  async #load(playbackKey: string): Promise<WatchedRun | null> {
    const row = await this.db
      .selectFrom('livestream_sessions as session')
      .innerJoin('livestreams as livestream', 'livestream.id', 'session.livestream_id')
      .select(['session.id', 'session.status', 'session.started_at', 'session.stopped_at'])
      .where('livestream.playback_key', '=', playbackKey)
      .orderBy('session.invoked_at', 'desc')
      .orderBy('session.id', 'desc')
      .limit(1)
      .executeTakeFirst();
    // What was live and is invoked again can still be watched.
    if (!row || (row.status === 'INVOKED' && row.started_at === null)) return null;
    const stoppedAt = row.stopped_at?.getTime() ?? null;
    if (stoppedAt !== null && stoppedAt + this.windowMs <= this.clock.now().getTime()) return null;
    return { id: row.id, isOver: stoppedAt !== null, isLive: row.status === 'LIVE' };
  }
}
