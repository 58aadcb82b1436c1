import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run } from './run.mjs';

/**
 * What tests drive on the machine: the browser, the maker of sample media, and servers that recordings are uploaded
 * or streamed to. Nothing of them runs when they are installed.
 */
const TOOLS = [
  { name: 'Chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'], aptPackage: 'chromium' },
  { name: 'ffmpeg', programs: ['ffmpeg'], aptPackage: 'ffmpeg', versionFlag: '-version' },
  { name: 'an S3 server (Swift)', pythonModule: 'swift', aptPackage: 'python3-swift' },
  { name: 'an SFTP server (asyncssh)', pythonModule: 'asyncssh', aptPackage: 'python3-asyncssh' },
  {
    name: 'an RTMP server (nginx)',
    file: '/usr/lib/nginx/modules/ngx_rtmp_module.so',
    aptPackage: 'libnginx-mod-rtmp',
  },
];

/** Debian's packages start their services at install, unless the machine seems to be in single-user mode. */
const START_NO_SERVICE = { RUNLEVEL: '1' };

const answers = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

function isThere({ programs = [], versionFlag = '--version', pythonModule, file }) {
  if (file) return existsSync(file);
  if (pythonModule) return answers('/usr/bin/python3', '-c', `import ${pythonModule}`);
  return programs.some((program) => answers(program, versionFlag));
}

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
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...START_NO_SERVICE };
    const [program, ...args] = apt;
    run(program, [...args, 'update', '-qq'], env);
    // One by one: a system that lacks one of the packages still gets the others.
    for (const { aptPackage } of missing)
      run(program, [...args, 'install', '-y', '-qq', '--no-install-recommends', aptPackage], env);
  }
  return missingTools().map(({ name }) => name);
}
