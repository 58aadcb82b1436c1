import { readFileSync } from 'node:fs';
import { mustRun, ROOT } from './run.mjs';
import { requireToolchain } from './toolchain.mjs';

const packagesOf = (path) => {
  try {
    return JSON.parse(readFileSync(`${ROOT}/${path}`, 'utf8')).packages;
  } catch {
    return null;
  }
};

/** npm keeps what it has installed in the form of the lock file, without the packages of other platforms. */
function isCurrent(installed) {
  const wanted = Object.entries(packagesOf('package-lock.json') ?? {});
  return wanted.every(
    ([path, { version, optional }]) =>
      !path.startsWith('node_modules/') || optional || installed[path]?.version === version,
  );
}

/** Installs what the lock file says, if it is not installed already. */
export function install() {
  requireToolchain();
  const installed = packagesOf('node_modules/.package-lock.json');
  if (installed && isCurrent(installed)) return;
  if (!installed)
    console.error('parley: installing; compiling the media engine takes five to seven minutes once');
  // A clean install would throw the compiled engine away, so it is for the first time only.
  mustRun('npm', [installed ? 'install' : 'ci']);
}
