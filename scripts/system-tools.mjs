import { spawnSync } from 'node:child_process';
import { run } from './run.mjs';

/**
 * What tests drive on the machine: the browser, the maker of sample media, and servers that recordings are uploaded
 * to. Those are libraries of Debian's Python, and nothing of them runs when they are installed.
 */
const TOOLS = [
  { name: 'Chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'], aptPackage: 'chromium' },
  { name: 'ffmpeg', programs: ['ffmpeg'], aptPackage: 'ffmpeg', versionFlag: '-version' },
  { name: 'an S3 server (Swift)', pythonModule: 'swift', aptPackage: 'python3-swift' },
  { name: 'an SFTP server (asyncssh)', pythonModule: 'asyncssh', aptPackage: 'python3-asyncssh' },
];

const answers = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

const isThere = ({ programs = [], versionFlag = '--version', pythonModule }) =>
  pythonModule
    ? answers('/usr/bin/python3', '-c', `import ${pythonModule}`)
    : programs.some((program) => answers(program, versionFlag));

const missingTools = () => TOOLS.filter((tool) => !isThere(tool));

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
    // One by one: a system that lacks one of the packages still gets the others.
    for (const { aptPackage } of missing)
      run(program, [...args, 'install', '-y', '-qq', '--no-install-recommends', aptPackage], env);
  }
  return missingTools().map(({ name }) => name);
}
