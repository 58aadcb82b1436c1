import { describe, expect, it } from 'vitest';
import { mergeDeep } from '../../../src/api/rows/merge.js';

describe('mergeDeep', () => {
  it('changes one leaf and leaves the rest (P02)', () => {
    const base = { permissions: { polls: { can_vote: true, can_view: true }, can_record: false } };
    expect(mergeDeep(base, { permissions: { polls: { can_vote: false } } })).toEqual({
      permissions: { polls: { can_vote: false, can_view: true }, can_record: false },
    });
    expect(base.permissions.polls.can_vote).toBe(true);
  });

  it('replaces arrays and null as a whole', () => {
    expect(mergeDeep({ a: [1, 2], b: { c: 1 } }, { a: [3], b: null })).toEqual({ a: [3], b: null });
  });

  it('never reaches a prototype', () => {
    const merged = mergeDeep({}, JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  });
});
