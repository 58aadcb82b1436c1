import { expect, test } from 'vitest';
import { Batch } from '../../../src/webhooks/batch.js';

test('what comes during a write goes together in the next one', async () => {
  const writes: number[][] = [];
  const batch = new Batch<number>(async (items) => {
    writes.push(items);
    return true;
  });
  expect(await Promise.all([1, 2, 3, 4].map((item) => batch.add(item)))).toEqual([true, true, true, true]);
  expect(await batch.add(5)).toBe(true);
  expect(writes).toEqual([[1], [2, 3, 4], [5]]);
});

test('a failed write says so to its own items only', async () => {
  const batch = new Batch<number>(async (items) => !items.includes(1));
  expect(await Promise.all([batch.add(1), batch.add(2)])).toEqual([false, true]);
});
