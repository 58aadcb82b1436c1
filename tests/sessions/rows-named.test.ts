import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The rows of the reference about kicking (K) and about ending (E). */
const ROWS = { K: 28, E: 28 };

const TEST_NAME = /\b(?:test|it)(?:\.each\([\s\S]*?\)|\.skipIf\([^)]*\))?\(\s*(['"`])((?:(?!\1)[\s\S])*)\1/g;
/** `K23`, or all rows of a span as `K13-K22`. */
const ROW = /\b([KE])(\d\d)(?:-\1(\d\d))?\b/g;

function testNames(): string[] {
  const files = ['tests', 'packages'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
      .map((path) => join(ROOT, folder, path)),
  );
  return files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(TEST_NAME)].map((match) => match[2]!),
  );
}

function rowsIn(name: string): string[] {
  return [...name.matchAll(ROW)].flatMap(([, group, first, last]) => {
    const from = Number(first);
    const count = last === undefined ? 1 : Number(last) - from + 1;
    return Array.from({ length: count }, (_, index) => `${group}${String(from + index).padStart(2, '0')}`);
  });
}

test('a span of rows in a name means all of them', () => {
  expect(rowsIn('kick (K01, K03-K05, E10)')).toEqual(['K01', 'K03', 'K04', 'K05', 'E10']);
});

test('every row about kicking and ending is named by a test that proves it', () => {
  const named = new Set(testNames().flatMap(rowsIn));
  const missing = Object.entries(ROWS).flatMap(([group, count]) =>
    Array.from({ length: count }, (_, index) => `${group}${String(index + 1).padStart(2, '0')}`).filter(
      (row) => !named.has(row),
    ),
  );
  expect(missing).toEqual([]);
});
