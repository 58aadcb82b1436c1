/** `npm run build`: the media engine with our patches, the packages, and the pages when their sources changed. */
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, ROOT } from './run.mjs';

const WEB = join(ROOT, 'packages/web');
const COMMANDS = ['packages/server/dist/main.js', 'packages/headless/dist/load/cli.js'];
const BUILT_PAGE = join(WEB, 'dist/meet.html');

/** Time of the newest file that the pages are made of, in milliseconds. */
function newestSource(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const entries = readdirSync(path).filter((name) => name !== 'dist' && name !== 'node_modules');
  return Math.max(0, ...entries.map((name) => newestSource(join(path, name))));
}

const sources = [WEB, join(ROOT, 'package-lock.json')];
const pagesAreCurrent =
  existsSync(BUILT_PAGE) && statSync(BUILT_PAGE).mtimeMs > Math.max(...sources.map(newestSource));

mustRun('npm', ['run', '--silent', 'patch', '-w', '@parley/media']);
mustRun('npx', ['tsc', '-b']);
// npm links these commands at install, before they exist; the compiler does not make its output executable.
for (const command of COMMANDS) chmodSync(join(ROOT, command), 0o755);
if (!pagesAreCurrent)
  mustRun('npm', ['run', '--silent', 'build', '-w', '@parley/web', '--', '--logLevel', 'error']);
