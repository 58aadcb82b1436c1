import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Readiness } from '../../../src/http/readiness.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('is ready when every part is, and not any more once the server drains', async () => {
  const readiness = new Readiness({ database: async () => true, listeners: () => true });
  expect(await readiness.check()).toEqual({
    ready: true,
    parts: { database: true, listeners: true, accepting: true },
  });
  readiness.drain();
  expect(await readiness.check()).toMatchObject({ ready: false, parts: { accepting: false } });
});

it('names the part that fails, throws or hangs', async () => {
  const readiness = new Readiness({
    database: () => new Promise(() => undefined),
    mediaWorkers: () => false,
    listeners: () => {
      throw new Error('no');
    },
  });
  const check = readiness.check();
  await vi.advanceTimersByTimeAsync(1000);
  expect((await check).parts).toEqual({
    database: false,
    mediaWorkers: false,
    listeners: false,
    accepting: true,
  });
});

it('asks a slow part once for many who ask', async () => {
  const database = vi.fn(() => new Promise<boolean>(() => undefined));
  const readiness = new Readiness({ database });
  const checks = Promise.all([readiness.check(), readiness.check(), readiness.check()]);
  await vi.advanceTimersByTimeAsync(1000);
  await checks;
  expect(database).toHaveBeenCalledTimes(1);
});
