import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  JITTER,
  nextAttemptAt,
  parseRetryAfterMs,
  RETRY_AFTER_MAX_MS,
  RETRY_DELAYS_MS,
  RETRY_WINDOW_MS,
} from '../../../src/webhooks/schedule.js';

const START = new Date('2026-01-01T00:00:00.000Z');
const randomNumber = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** The times of all attempts, in ms after the first, of a delivery that always fails at once. */
function attemptTimes(random: () => number, retryAfterMs: () => number | null = () => null): number[] {
  const retryUntil = new Date(START.getTime() + RETRY_WINDOW_MS);
  const times: number[] = [];
  for (let at: Date | null = START, failed = 1; at !== null; failed += 1) {
    times.push(at.getTime() - START.getTime());
    at = nextAttemptAt({
      failedAttempts: failed,
      now: at,
      retryUntil,
      retryAfterMs: retryAfterMs(),
      random: random(),
    });
  }
  return times;
}

describe('WB11 Q21: the retry schedule', () => {
  test('without jitter it is this one', () => {
    const waits = (times: number[]) => times.slice(1).map((time, place) => (time - times[place]!) / 1_000);
    expect(waits(attemptTimes(() => 0.5))).toEqual([
      5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 21_600, 14_845,
    ]);
  });

  test('docs/webhooks.md shows it', () => {
    const page = readFileSync(new URL('../../../../../docs/webhooks.md', import.meta.url), 'utf8');
    const unitSeconds = { s: 1, min: 60, h: 3_600 };
    const rows = [...page.matchAll(/^\| +[\d, ]+\| +([\d.]+) (s|min|h) +\|/gm)];
    const shown = rows.map(([row, wait, unit]) => {
      const seconds = Number(wait) * unitSeconds[unit as keyof typeof unitSeconds];
      return row.startsWith('| 11, 12 ') ? [seconds, seconds] : [seconds];
    });
    const times = attemptTimes(() => 0.5);
    const waits = times.slice(1).map((time, place) => (time - times[place]!) / 1_000);
    for (const [place, seconds] of shown.flat().entries()) {
      expect(Math.abs(seconds - waits[place]!)).toBeLessThan(waits[place]! * 0.01);
    }
    expect(shown.flat()).toHaveLength(waits.length);
  });

  test('the last attempt is made 24 hours after the first, whatever the jitter and the receiver ask', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(randomNumber),
        fc.infiniteStream(fc.option(fc.nat({ max: 10 * RETRY_AFTER_MAX_MS }))),
        (randoms, asked) => {
          const times = attemptTimes(
            () => randoms.next().value!,
            () => asked.next().value!,
          );
          expect(times.at(-1)).toBe(RETRY_WINDOW_MS);
          expect(times.length).toBeGreaterThanOrEqual(12);
          expect(times.length).toBeLessThanOrEqual(16);
        },
      ),
    );
  });

  test('each wait stays within the jitter of its place, and the waits grow', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), randomNumber, (failedAttempts, random) => {
        const retryUntil = new Date(START.getTime() + 10 * RETRY_WINDOW_MS);
        const wait = (place: number) =>
          nextAttemptAt({
            failedAttempts: place,
            now: START,
            retryUntil,
            retryAfterMs: null,
            random,
          })!.getTime() - START.getTime();
        const planned = RETRY_DELAYS_MS[Math.min(failedAttempts, RETRY_DELAYS_MS.length) - 1]!;
        expect(wait(failedAttempts)).toBeGreaterThanOrEqual(planned * JITTER.least);
        expect(wait(failedAttempts)).toBeLessThanOrEqual(Math.ceil(planned * JITTER.most));
        expect(wait(failedAttempts + 1)).toBeGreaterThanOrEqual(wait(failedAttempts));
      }),
    );
  });

  test('Retry-After lengthens a wait, up to its bound, and never shortens it', () => {
    const retryUntil = new Date(START.getTime() + RETRY_WINDOW_MS);
    const wait = (failedAttempts: number, retryAfterMs: number | null) =>
      nextAttemptAt({ failedAttempts, now: START, retryUntil, retryAfterMs, random: 0.5 })!.getTime() -
      START.getTime();
    expect(wait(1, 60_000)).toBe(60_000);
    expect(wait(1, 0)).toBe(5_000);
    expect(wait(1, Number.MAX_SAFE_INTEGER)).toBe(RETRY_AFTER_MAX_MS);
    expect(wait(8, 60_000)).toBe(wait(8, null));
  });

  test('an attempt after the window was the last', () => {
    const late = { failedAttempts: 1, now: START, retryUntil: START, retryAfterMs: null, random: 0 };
    expect(nextAttemptAt(late)).toBeNull();
  });
});

describe('Retry-After', () => {
  test.each([
    [undefined, null],
    ['', null],
    ['soon', null],
    ['-1', null],
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['Thu, 01 Jan 2026 00:01:30 GMT', 90_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ])('%j is %j ms', (header, expected) => {
    expect(parseRetryAfterMs(header, START)).toBe(expected);
  });

  test('no header makes it throw or answer nonsense', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const ms = parseRetryAfterMs(header, START);
        expect(ms === null || (Number.isFinite(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});
