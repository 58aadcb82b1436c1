import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distribution } from '../../src/load/distribution.js';

describe('distribution', () => {
  it('is all zeros for nothing', () => {
    expect(distribution([])).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
  });

  it('takes the value below which the given share lies', () => {
    const oneToHundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(distribution(oneToHundred)).toEqual({ count: 100, p50Ms: 50, p99Ms: 99, maxMs: 100 });
  });

  it('only says values that were measured, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { p50Ms, p99Ms, maxMs } = distribution(values);
        expect(values).toEqual(expect.arrayContaining([p50Ms, p99Ms, maxMs]));
        expect(p50Ms <= p99Ms && p99Ms <= maxMs).toBe(true);
      }),
    );
  });
});
