import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** Assertions for hot loops: they cost next to nothing while they hold. */

export function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function ensureSame(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, what).toEqual(expected);
}
