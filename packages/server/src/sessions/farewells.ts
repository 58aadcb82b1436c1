import type { Kysely } from 'kysely';
import type { Clock } from '../clock.js';
import type { Database } from '../database/tables.js';
import type { ParticipantId, PeerId } from '../ids.js';

/** Longer than the SDK tries to come back: 50 times, 10 s apart at the most (protocol.md 3.6). */
const MEMORY_MS = 15 * 60_000;
const REMEMBERED_MAX = 50_000;

export type Farewell = 'kicked' | 'ended' | 'moved';

/**
 * Peers that were kicked or moved, or whose session was ended, while nobody could tell them: their network was gone, or the
 * server died between the commit and the message. An SDK that comes back joins again by itself, so it has to be
 * told before that (features.md E11, X03). Who has taken note is free to join again: a kick is no ban (X06).
 */
export class Farewells {
  /** When a peer was seen to take note; the oldest first. */
  readonly #taken = new Map<string, number>();

  constructor(
    private readonly db: Kysely<Database>,
    private readonly clock: Clock,
  ) {}

  /** The peer's client has closed its socket in answer: it knows. */
  taken(peerId: string): void {
    const now = this.#now();
    this.#taken.delete(peerId);
    this.#taken.set(peerId, now);
    for (const [oldest, at] of this.#taken) {
      if (this.#taken.size <= REMEMBERED_MAX && now - at < MEMORY_MS) break;
      this.#taken.delete(oldest);
    }
  }

  /** What a peer that connects has to be told first, if anything. */
  async due(peerId: PeerId, participantId: ParticipantId): Promise<Farewell | null> {
    if (this.#taken.has(peerId)) return null;
    const last = await this.db
      .selectFrom('session_peers')
      .select('leave_reason')
      .where('peer_id', '=', peerId)
      .where('participant_id', '=', participantId)
      .where('left_at', '>', new Date(this.#now() - MEMORY_MS))
      .orderBy('joined_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    const reason = last?.leave_reason;
    return reason === 'kicked' || reason === 'ended' || reason === 'moved' ? reason : null;
  }

  #now(): number {
    return this.clock.now().getTime();
  }
}
