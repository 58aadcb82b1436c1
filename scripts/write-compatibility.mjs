/**
 * Writes the list of proven features in COMPATIBILITY.md from the reports of the last `npm run verify`: every feature
 * id that a test names, with the outcome of its tests.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './run.mjs';

const RESULTS = join(ROOT, 'test-results');
const PAGE = join(ROOT, 'COMPATIBILITY.md');
const [BEGIN, END] = ['<!-- made by npm run compatibility: begin -->', '<!-- end -->'];
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

const features = new Map();
for (const file of readdirSync(RESULTS).filter((name) => name.endsWith('.json'))) {
  const report = JSON.parse(readFileSync(join(RESULTS, file), 'utf8'));
  for (const { name: path, assertionResults } of report.testResults) {
    for (const { fullName, status } of assertionResults) {
      for (const id of featuresOf(fullName)) {
        const entry = features.get(id) ?? { passed: 0, failed: 0, skipped: 0, files: new Set() };
        entry[status === 'passed' ? 'passed' : status === 'failed' ? 'failed' : 'skipped'] += 1;
        entry.files.add(relative(ROOT, path));
        features.set(id, entry);
      }
    }
  }
}

const stateOf = ({ passed, failed }) => (failed > 0 ? 'fails' : passed > 0 ? 'works' : 'not run');
const rows = [...features]
  .sort(([a], [b]) => a.localeCompare(b))
  .map(
    ([id, entry]) =>
      `| ${id} | ${stateOf(entry)} | ${entry.passed} | ${[...entry.files].map((file) => `\`${file}\``).join(', ')} |`,
  );
const table = ['| Feature | State | Tests passed | Proven in |', '|---|---|---|---|', ...rows].join('\n');

const page = readFileSync(PAGE, 'utf8');
const [before, rest] = page.split(BEGIN);
const [, after] = rest.split(END);
writeFileSync(PAGE, `${before}${BEGIN}\n${table}\n${END}${after}`);
