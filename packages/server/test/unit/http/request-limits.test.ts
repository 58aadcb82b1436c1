import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestLimits } from '../../../src/http/request-limits.js';

const WINDOW_MS = 50_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date', 'hrtime', 'setTimeout'] });
});
afterEach(() => vi.useRealTimers());

/** How many of `count` requests of one moment pass. */
const passed = (limits: RequestLimits, caller: string, count: number) =>
  Array.from({ length: count }, () => limits.take(caller)).filter((waitMs) => waitMs === 0).length;

describe('a limit of requests', () => {
  it('lets a burst through, then as many as the window gives, and says when the next may come', () => {
    const limits = new RequestLimits({ requests: 100, windowMs: WINDOW_MS });
    expect(passed(limits, 'a', 150)).toBe(100);
    const waitMs = limits.take('a');
    expect(waitMs).toBe(500);
    vi.advanceTimersByTime(waitMs - 2);
    expect(limits.take('a')).toBeLessThanOrEqual(3);
    vi.advanceTimersByTime(3);
    expect(passed(limits, 'a', 5)).toBe(1);
    vi.advanceTimersByTime(WINDOW_MS / 2);
    expect(passed(limits, 'a', 100)).toBe(50);
    vi.advanceTimersByTime(10 * WINDOW_MS);
    expect(passed(limits, 'a', 200)).toBe(100);
  });

  it('holds for each caller alone', () => {
    const limits = new RequestLimits({ requests: 1, windowMs: WINDOW_MS });
    expect([limits.take('a'), limits.take('b')]).toEqual([0, 0]);
    expect(limits.take('a')).toBe(WINDOW_MS);
  });

  it('of 0 is none', () => {
    expect(passed(new RequestLimits({ requests: 0, windowMs: WINDOW_MS }), 'a', 10_000)).toBe(10_000);
  });

  it('remembers ten thousand callers, those who asked last', () => {
    const limits = new RequestLimits({ requests: 1, windowMs: WINDOW_MS });
    limits.take('first');
    limits.take('second');
    for (let index = 0; index < 9_998; index++) limits.take(`caller ${index}`);
    expect(limits.take('first')).toBeGreaterThan(0);
    limits.take('one more');
    expect(limits.take('second')).toBe(0);
  });
});
