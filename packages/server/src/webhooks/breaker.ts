import type { Clock } from '../clock.js';

/** Failures in a row, over all deliveries to the URL, after which it gets a pause. */
export const FAILURES_BEFORE_PAUSE = 5;
export const FIRST_PAUSE_MS = 10_000;
export const LONGEST_PAUSE_MS = 5 * 60_000;
/** URLs remembered as failing; beyond it the one that has been failing longest is forgotten. */
export const FAILING_URLS_MAX = 1_000;

interface Failing {
  failuresInRow: number;
  pauses: number;
  pausedUntil: number;
}

/**
 * Lowers the rate of attempts to a URL that keeps failing (features.md WB12). After a few failures in a row the
 * URL is left alone for a pause; then one attempt is let through. A success ends it, another failure doubles the
 * pause. Deliveries that fall due meanwhile wait without spending an attempt.
 *
 * Kept in memory: a restart forgets it, which costs a few attempts and nothing else.
 */
export class UrlBreaker {
  readonly #failing = new Map<string, Failing>();

  constructor(readonly clock: Clock) {}

  succeeded(url: string): void {
    this.#failing.delete(url);
  }

  failed(url: string): void {
    const now = this.clock.now().getTime();
    const state = this.#failing.get(url) ?? { failuresInRow: 0, pauses: 0, pausedUntil: 0 };
    // Attempts that were under way when the pause began say nothing new.
    if (now < state.pausedUntil) return;
    state.failuresInRow += 1;
    if (state.failuresInRow >= FAILURES_BEFORE_PAUSE) {
      state.pausedUntil = now + Math.min(FIRST_PAUSE_MS * 2 ** state.pauses, LONGEST_PAUSE_MS);
      state.pauses += 1;
    }
    this.#failing.set(url, state);
    if (this.#failing.size > FAILING_URLS_MAX) this.#failing.delete(this.#failing.keys().next().value!);
  }

  /** URLs that get no attempt now. */
  paused(): string[] {
    const now = this.clock.now().getTime();
    return [...this.#failing].filter(([, state]) => now < state.pausedUntil).map(([url]) => url);
  }

  /** URLs whose pause is over and that get one attempt at a time until one succeeds. */
  onTrial(): string[] {
    const now = this.clock.now().getTime();
    return [...this.#failing]
      .filter(([, state]) => state.pauses > 0 && now >= state.pausedUntil)
      .map(([url]) => url);
  }
}
