import { MAX_RANKED_SPEAKERS } from '../limits.js';

/**
 * Who is heard in a room, loudest first. Pure: levels and the clock come from outside.
 *
 * A peer passes those before it only after it was clearly louder than each of them for a while, so that a cough, or
 * two people who talk at the same time, do not make the order jump. Someone who was silent so far joins at the end
 * at once: in a large room only the first of the list are heard at all.
 */
export interface RankingState {
  readonly order: readonly string[];
  /** Since when a peer has been loud enough for a better place. */
  readonly challengersSinceMs: ReadonlyMap<string, number>;
}

export const EMPTY_RANKING: RankingState = { order: [], challengersSinceMs: new Map() };

export const OVERTAKE_AFTER_MS = 1_000;
/** How much louder than the one it passes a peer has to be. */
const MARGIN = 1.25;

/**
 * @param levels Loudness of the peers with voice in any one unit; who is missing is silent.
 */
export function rankSpeakers(
  state: RankingState,
  levels: ReadonlyMap<string, number>,
  nowMs: number,
): RankingState {
  const order = withNewcomers(state.order, levels);
  const challengersSinceMs = new Map<string, number>();
  for (const peerId of [...order]) {
    const from = order.indexOf(peerId);
    const to = placeByLoudness(order, from, levels);
    if (to === from) continue;
    const since = state.challengersSinceMs.get(peerId) ?? nowMs;
    if (nowMs - since < OVERTAKE_AFTER_MS) {
      challengersSinceMs.set(peerId, since);
    } else {
      order.splice(from, 1);
      order.splice(to, 0, peerId);
    }
  }
  return { order, challengersSinceMs };
}

export function withoutSpeaker(state: RankingState, peerId: string): RankingState {
  const challengersSinceMs = new Map(state.challengersSinceMs);
  challengersSinceMs.delete(peerId);
  return { order: state.order.filter((other) => other !== peerId), challengersSinceMs };
}

/** Silent peers at the end make room when the list is full. */
function withNewcomers(known: readonly string[], levels: ReadonlyMap<string, number>): string[] {
  const order = [...known];
  for (const peerId of levels.keys()) {
    if (order.includes(peerId)) continue;
    if (order.length >= MAX_RANKED_SPEAKERS) {
      const silent = order.findLastIndex((other) => !levels.has(other));
      if (silent === -1) break;
      order.splice(silent, 1);
    }
    order.push(peerId);
  }
  return order;
}

/** The first place from which the peer is louder than everyone up to its own. */
function placeByLoudness(
  order: readonly string[],
  from: number,
  levels: ReadonlyMap<string, number>,
): number {
  const level = levels.get(order[from]!) ?? 0;
  let place = from;
  while (place > 0 && level > (levels.get(order[place - 1]!) ?? 0) * MARGIN) place -= 1;
  return level > 0 ? place : from;
}
