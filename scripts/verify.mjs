/**
 * `npm run verify`: everything that a change has to pass, in the order in which it fails fastest. Goes on after a
 * failure, so that one run shows all of them; the last line sums up, the exit code is 1 when anything failed.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { ROOT, run } from './run.mjs';
import { provideSystemTools } from './system-tools.mjs';

const RESULTS = join(ROOT, 'test-results');
const CHECKS = [
  { name: 'build', script: 'build' },
  { name: 'lint', script: 'lint' },
  { name: 'types of the tests', script: 'typecheck' },
];
/** So much of a failure's message is told again: its sentence, the values, the first lines of the stack. */
const EXCERPT_LINES = 30;
const TEST_PROJECTS = ['unit', 'integration', 'engines', 'conformance', 'browser'];

const total = { passed: 0, failed: 0, skipped: 0 };
/** What failed, told again at the very end: a long log is often kept by its tail alone. */
const failures = [];
const started = Date.now();

function heading(text) {
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  console.log(`\nverify: ${text} (minute ${minutes})`);
}

/** Counts of vitest's report. A file that could not be loaded, or no report at all, is one failure. */
function countsOf(path, exitCode) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const { numPassedTests: passed, numFailedTests, numPendingTests: skipped } = report;
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = numFailedTests + unloaded;
  return { passed, skipped, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

function excerpt(message) {
  return stripVTControlCharacters(message).split('\n').slice(0, EXCERPT_LINES).join('\n');
}

function noteFailuresOf(path, project) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    failures.push(`${project}: no report was written`);
    return;
  }
  for (const { name, message, assertionResults } of report.testResults) {
    const file = relative(ROOT, name);
    if (message) failures.push(`${project}: ${file}\n${excerpt(message)}`);
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status !== 'failed') continue;
      failures.push(`${project}: ${file} > ${fullName}\n${excerpt(failureMessages.join('\n'))}`);
    }
  }
}

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS);

const missing = provideSystemTools();
for (const tool of missing)
  console.log(`verify: ${tool} is missing and cannot be installed; its tests are skipped`);

for (const { name, script } of CHECKS) {
  heading(name);
  if (run('npm', ['run', '--silent', script]) === 0) {
    total.passed += 1;
  } else {
    total.failed += 1;
    failures.push(name);
  }
}
for (const project of TEST_PROJECTS) {
  heading(`${project} tests`);
  const report = join(RESULTS, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const exitCode = run('npx', ['vitest', 'run', '--project', project, ...reporters]);
  const counts = countsOf(report, exitCode);
  if (counts.failed > 0) noteFailuresOf(report, project);
  for (const kind of Object.keys(total)) total[kind] += counts[kind];
}

heading('done');
for (const failure of failures) console.log(`verify: FAILED ${failure}`);
if (total.skipped > 0) console.log(`verify: ${total.skipped} tests were skipped on this machine`);
console.log(`${total.passed} passed, ${total.failed} failed`);
console.log(`verify: ${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
