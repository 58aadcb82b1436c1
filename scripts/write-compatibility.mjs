/**
 * Writes two lists in COMPATIBILITY.md from the reports of the last `npm run verify`: every item of the web SDK, and every
 * feature id that a test names, each with the outcome of its tests.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './run.mjs';
import { readReasons } from './sdk-proofs.mjs';
import { readSdkSurface } from './sdk-surface.mjs';

const RESULTS = join(ROOT, 'test-results');
const PAGE = join(ROOT, 'COMPATIBILITY.md');
const END = '<!-- end -->';
/** `K23`, `WP01`, and ranges such as `E01-E05`. */
const FEATURE = /\b([A-Z]{1,2})(\d{2})(?:-\1?(\d{2}))?\b/g;

/** All ids that a test's name holds. */
function featuresOf(name) {
  return [...name.matchAll(FEATURE)].flatMap(([, letters, first, last = first]) => {
    const count = Math.max(0, Number(last) - Number(first)) + 1;
    return Array.from(
      { length: count },
      (_, index) => `${letters}${String(Number(first) + index).padStart(2, '0')}`,
    );
  });
}

const reportsOfTests = readdirSync(RESULTS)
  .filter((name) => name.endsWith('.json'))
  .flatMap((name) => JSON.parse(readFileSync(join(RESULTS, name), 'utf8')).testResults)
  .flatMap(({ name: path, assertionResults }) =>
    assertionResults.map((test) => ({ ...test, file: relative(ROOT, path) })),
  );

/** What became of the tests of each id; `idsOf` says which ids a test proves. */
function outcomesBy(idsOf) {
  const outcomes = new Map();
  for (const test of reportsOfTests) {
    for (const id of idsOf(test)) {
      const entry = outcomes.get(id) ?? { passed: 0, failed: 0, skipped: 0, files: new Set() };
      entry[test.status === 'passed' ? 'passed' : test.status === 'failed' ? 'failed' : 'skipped'] += 1;
      entry.files.add(test.file);
      outcomes.set(id, entry);
    }
  }
  return outcomes;
}

const stateOf = ({ passed, failed }) => (failed > 0 ? 'fails' : passed > 0 ? 'works' : 'not run');
const filesOf = ({ files }) => [...files].map((file) => `\`${file}\``).join(', ');

function featureTable() {
  const rows = [...outcomesBy(({ fullName }) => featuresOf(fullName))]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([id, entry]) => `| ${id} | ${stateOf(entry)} | ${entry.passed} | ${filesOf(entry)} |`);
  return ['| Feature | State | Tests passed | Proven in |', '|---|---|---|---|', ...rows].join('\n');
}

/** One row for the items of a class that have the same state for the same reason. */
function sdkTable() {
  const outcomes = outcomesBy(({ meta }) => meta?.sdk ?? []);
  const reasons = readReasons();
  const groups = new Map();
  for (const { id, kind } of readSdkSurface()) {
    const [owner, name] = id.split(/[.:]/);
    const entry = outcomes.get(id);
    const [state, why] = entry ? [stateOf(entry), filesOf(entry)] : ['no test', reasons.get(id) ?? 'not run'];
    const group = groups.get(`${owner} ${state} ${why}`) ?? { owner, state, why, names: [] };
    group.names.push(`\`${kind === 'method' ? `${name}()` : name}\`${kind === 'event' ? ' (event)' : ''}`);
    groups.set(`${owner} ${state} ${why}`, group);
  }
  const rows = [...groups.values()].map(
    ({ owner, state, why, names }) => `| \`${owner}\` | ${state} | ${names.join(', ')} | ${why} |`,
  );
  return ['| Class | State | Items | Proven in, or why not |', '|---|---|---|---|', ...rows].join('\n');
}

let page = readFileSync(PAGE, 'utf8');
for (const [name, table] of [
  ['sdk', sdkTable()],
  ['features', featureTable()],
]) {
  const [before, rest] = page.split(`<!-- made by npm run compatibility: ${name} -->\n`);
  const after = rest.slice(rest.indexOf(END));
  page = `${before}<!-- made by npm run compatibility: ${name} -->\n${table}\n${after}`;
}
writeFileSync(PAGE, page);
