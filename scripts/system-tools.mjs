import { spawnSync } from 'node:child_process';
import { run } from './run.mjs';

/** Programs of the machine that tests drive: the browser, and the maker of sample media. */
const TOOLS = [
  { name: 'Chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'], aptPackage: 'chromium' },
  { name: 'ffmpeg', programs: ['ffmpeg'], aptPackage: 'ffmpeg', versionFlag: '-version' },
];

const answers = (program, flag) => spawnSync(program, [flag], { stdio: 'ignore' }).status === 0;

const missingTools = () =>
  TOOLS.filter(
    ({ programs, versionFlag = '--version' }) => !programs.some((program) => answers(program, versionFlag)),
  );

/** How this account may install packages; null when it may not. */
function aptCommand() {
  if (!answers('apt-get', '--version')) return null;
  if (process.getuid?.() === 0) return ['apt-get'];
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0
    ? ['sudo', '-n', 'apt-get']
    : null;
}

/** Installs what is missing where that is allowed; answers the names of what is still missing. */
export function provideSystemTools() {
  const missing = missingTools();
  const apt = missing.length > 0 ? aptCommand() : null;
  if (apt) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const [program, ...args] = apt;
    run(program, [...args, 'update', '-qq'], env);
    const packages = missing.map(({ aptPackage }) => aptPackage);
    run(program, [...args, 'install', '-y', '-qq', '--no-install-recommends', ...packages], env);
  }
  return missingTools().map(({ name }) => name);
}
