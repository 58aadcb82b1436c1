import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../database/tables.js';
import type { LivestreamSessionId } from '../ids.js';

const WRITE_EVERY_MS = 5_000;

/**
 * How long livestreams were watched, as an estimate: a player asks for the playlist once for each segment that it
 * plays, so each such request counts as the length of a segment (features.md LS03). Nothing is kept about viewers. What
 * was counted is written every few seconds, so that a crash takes no more than those.
 */
export class ViewerTime {
  readonly #unwritten = new Map<LivestreamSessionId, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly db: Kysely<Database>,
    private readonly log: Logger,
  ) {}

  count(id: LivestreamSessionId, seconds: number): void {
    this.#unwritten.set(id, (this.#unwritten.get(id) ?? 0) + seconds);
    this.#timer ??= setTimeout(() => void this.write(), WRITE_EVERY_MS).unref();
  }

  async write(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const counted = [...this.#unwritten];
    this.#unwritten.clear();
    if (counted.length === 0) return;
    try {
      await sql`
        update livestream_sessions set viewer_seconds = viewer_seconds + watched.seconds
        from unnest(
          ${counted.map(([id]) => id)}::uuid[],
          ${counted.map(([, seconds]) => seconds)}::double precision[]
        ) as watched (id, seconds)
        where livestream_sessions.id = watched.id
      `.execute(this.db);
    } catch (error) {
      this.log.warn({ error: String(error) }, 'The time of viewers could not be written');
    }
  }
}
