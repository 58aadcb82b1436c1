import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JSON_DEPTH_MAX, storabilityProblem } from '../../../src/http/json-body.js';

describe('storabilityProblem', () => {
  it('accepts every JSON value of ordinary text and depth', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__') && !text.includes('\\u0000') && !/\\ud[89a-f]/i.test(text));
        expect(storabilityProblem(value)).toBeUndefined();
      }),
    );
  });

  it.each([
    [{ a: ['x', 'b\u0000'] }, 'a[1]'],
    [{ a: { b: '\udc00' } }, 'a.b'],
    [{ 'a\u0000': 1 }, 'body'],
    ['\u0000', 'body'],
  ])('names the field of unstorable text in %j', (value, field) => {
    expect(storabilityProblem(value)).toMatchObject({ field });
  });

  it('accepts pairs of surrogates', () => {
    expect(storabilityProblem({ a: 'x😀' })).toBeUndefined();
  });

  it('stops at the deepest level allowed', () => {
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    expect(storabilityProblem(nested(JSON_DEPTH_MAX))).toBeUndefined();
    expect(storabilityProblem(nested(JSON_DEPTH_MAX + 1))?.reason).toContain('nested deeper');
    expect(storabilityProblem(nested(100_000))?.reason).toContain('nested deeper');
  });
});
