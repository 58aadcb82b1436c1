import { beforeEach, expect, test } from 'vitest';
import {
  FAILING_URLS_MAX,
  FAILURES_BEFORE_PAUSE,
  FIRST_PAUSE_MS,
  LONGEST_PAUSE_MS,
  UrlBreaker,
} from '../../../src/webhooks/breaker.js';

const URL = 'https://receiver.example/';
let nowMs: number;
let breaker: UrlBreaker;
beforeEach(() => {
  nowMs = 0;
  breaker = new UrlBreaker({ now: () => new Date(nowMs) });
});

function fail(times: number): void {
  for (let time = 0; time < times; time += 1) breaker.failed(URL);
}

test('WB12: failures in a row pause a URL, fewer do not', () => {
  fail(FAILURES_BEFORE_PAUSE - 1);
  expect(breaker.paused()).toEqual([]);
  expect(breaker.onTrial()).toEqual([]);
  fail(1);
  expect(breaker.paused()).toEqual([URL]);
});

test('a success in between begins the count again', () => {
  fail(FAILURES_BEFORE_PAUSE - 1);
  breaker.succeeded(URL);
  fail(FAILURES_BEFORE_PAUSE - 1);
  expect(breaker.paused()).toEqual([]);
});

test('after the pause the URL is on trial; a failure doubles the pause, up to a bound; a success ends it', () => {
  fail(FAILURES_BEFORE_PAUSE);
  const pauses: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    const beganMs = nowMs;
    while (breaker.paused().length > 0) nowMs += 1_000;
    pauses.push(nowMs - beganMs);
    expect(breaker.onTrial()).toEqual([URL]);
    fail(1);
  }
  expect(pauses.slice(0, 3)).toEqual([FIRST_PAUSE_MS, 2 * FIRST_PAUSE_MS, 4 * FIRST_PAUSE_MS]);
  expect(pauses.at(-1)).toBe(LONGEST_PAUSE_MS);
  breaker.succeeded(URL);
  expect(breaker.paused()).toEqual([]);
  expect(breaker.onTrial()).toEqual([]);
});

test('failures of attempts that began before the pause do not lengthen it', () => {
  fail(FAILURES_BEFORE_PAUSE + 20);
  nowMs = FIRST_PAUSE_MS;
  expect(breaker.paused()).toEqual([]);
});

test('the memory for failing URLs is bounded', () => {
  for (let number = 0; number < FAILING_URLS_MAX + 50; number += 1) {
    for (let time = 0; time < FAILURES_BEFORE_PAUSE; time += 1) breaker.failed(`https://${number}.example/`);
  }
  expect(breaker.paused()).toHaveLength(FAILING_URLS_MAX);
});
