import { expect, test } from 'vitest';
import { MAX_RANKED_SPEAKERS } from '../../../src/limits.js';
import {
  EMPTY_RANKING,
  OVERTAKE_AFTER_MS,
  type RankingState,
  rankSpeakers,
  withoutSpeaker,
} from '../../../src/speakers/speaker-ranking.js';

const STEP_MS = 250;

/** Runs the ranking for a while with levels that stay the same or depend on the time. */
function run(
  state: RankingState,
  fromMs: number,
  forMs: number,
  levels: (atMs: number) => Record<string, number>,
): { state: RankingState; orders: string[] } {
  const orders: string[] = [];
  let current = state;
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs += STEP_MS) {
    current = rankSpeakers(current, new Map(Object.entries(levels(atMs))), atMs);
    const order = current.order.join();
    if (orders.at(-1) !== order) orders.push(order);
  }
  return { state: current, orders };
}

test('the first voice is ranked at once', () => {
  expect(rankSpeakers(EMPTY_RANKING, new Map([['ann', 900]]), 0).order).toEqual(['ann']);
});

test('a louder speaker takes the lead after a second, not before', () => {
  const { state } = run(EMPTY_RANKING, 0, 2_000, () => ({ ann: 1_000 }));
  const soon = run(state, 2_000, OVERTAKE_AFTER_MS, () => ({ ann: 1_000, bob: 2_000 }));
  expect(soon.state.order).toEqual(['ann', 'bob']);
  const later = run(soon.state, 2_000 + OVERTAKE_AFTER_MS, STEP_MS, () => ({ ann: 1_000, bob: 2_000 }));
  expect(later.state.order).toEqual(['bob', 'ann']);
});

test('a cough does not take the lead', () => {
  const { state } = run(EMPTY_RANKING, 0, 2_000, () => ({ ann: 1_000 }));
  const { orders } = run(
    state,
    2_000,
    10_000,
    (atMs): Record<string, number> => (atMs < 2_750 ? { ann: 1_000, bob: 2_500 } : { ann: 1_000 }),
  );
  expect(orders).toEqual(['ann,bob']);
});

test('two people who talk over each other do not make the order jump', () => {
  const start = run(EMPTY_RANKING, 0, 2_000, () => ({ ann: 1_500 })).state;
  // The louder one changes every 500 ms, as the engine's scores do with Chromium's beeps.
  const { orders } = run(start, 2_000, 60_000, (atMs) =>
    Math.floor(atMs / 500) % 2 === 0 ? { ann: 2_400, bob: 900 } : { ann: 900, bob: 2_400 },
  );
  expect(orders).toEqual(['ann,bob']);
});

test('who is only a little louder stays behind', () => {
  const { orders } = run(EMPTY_RANKING, 0, 30_000, () => ({ ann: 2_000, bob: 2_400 }));
  expect(orders).toEqual(['ann,bob']);
});

test('after a silence the next speaker leads within one to two seconds', () => {
  const spoken = run(EMPTY_RANKING, 0, 5_000, () => ({ ann: 2_500 })).state;
  const silent = run(spoken, 5_000, 5_000, () => ({})).state;
  expect(silent.order).toEqual(['ann']);
  const { state } = run(silent, 10_000, 1_500, () => ({ bob: 300 }));
  expect(state.order).toEqual(['bob', 'ann']);
});

test('a speaker passes several silent ones in one go', () => {
  let state: RankingState = { order: ['ann', 'bob', 'cid', 'dan'], challengersSinceMs: new Map() };
  state = run(state, 0, 1_500, () => ({ ann: 2_500, dan: 800 })).state;
  expect(state.order).toEqual(['ann', 'dan', 'bob', 'cid']);
});

test('who leaves is out at once, and comes back at the end', () => {
  const { state } = run(EMPTY_RANKING, 0, 3_000, () => ({ ann: 2_500, bob: 500 }));
  const left = withoutSpeaker(state, 'ann');
  expect(left.order).toEqual(['bob']);
  expect(rankSpeakers(left, new Map([['ann', 900]]), 3_000).order).toEqual(['bob', 'ann']);
});

test('the list has an end: silent peers make room, speaking ones do not', () => {
  const crowd = Object.fromEntries(
    Array.from({ length: MAX_RANKED_SPEAKERS }, (_, index) => [`peer-${index}`, 500]),
  );
  const full = run(EMPTY_RANKING, 0, 1_000, () => crowd).state;
  expect(full.order).toHaveLength(MAX_RANKED_SPEAKERS);
  expect(rankSpeakers(full, new Map([...Object.entries(crowd), ['late', 500]]), 1_000).order).not.toContain(
    'late',
  );
  const { 'peer-3': _silent, ...speaking } = crowd;
  const { order } = rankSpeakers(full, new Map([...Object.entries(speaking), ['late', 500]]), 1_000);
  expect(order.at(-1)).toBe('late');
  expect(order).not.toContain('peer-3');
});
