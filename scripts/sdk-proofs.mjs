/** Which tests say that they prove an item of the web SDK, and why the other items have none. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run.mjs';

const TESTS = join(ROOT, 'tests');
const PROVES = /\bproves\(([^)]*)\)/g;

/** Item to the test files that name it in `proves(...)`. */
export function readProofs() {
  const proofs = new Map();
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.test.ts'),
  );
  for (const file of files) {
    for (const [, items] of readFileSync(join(TESTS, file), 'utf8').matchAll(PROVES)) {
      for (const [, item] of items.matchAll(/'([^']+)'/g)) {
        proofs.set(item, (proofs.get(item) ?? new Set()).add(`tests/${file}`));
      }
    }
  }
  return proofs;
}

/** Item to the reason why no test proves it. */
export function readReasons() {
  const groups = JSON.parse(readFileSync(join(TESTS, 'browser/sdk/not-proven.json'), 'utf8'));
  return new Map(groups.flatMap(({ reason, items }) => items.map((item) => [item, reason])));
}
