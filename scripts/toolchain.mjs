import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const MIN_NODE = [20, 19];
/** What the media engine's install builds with, and what it is found by. */
const BUILD_TOOLS = [
  { need: 'a C++ compiler', programs: [process.env.CXX, 'c++', 'g++', 'clang++'] },
  { need: 'make', programs: ['make'] },
  { need: 'Python 3', programs: [process.env.PYTHON, 'python3'] },
];
const ENGINE = new URL(
  '../node_modules/medooze-media-server/build/Release/medooze-media-server.node',
  import.meta.url,
);

const isHere = (program) => !spawnSync(program.split(' ')[0], ['--version'], { stdio: 'ignore' }).error;

/** Ends the process with one line when this machine cannot build what `npm install` would have to build. */
export function requireToolchain() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1])) {
    end(`Parley needs Node ${MIN_NODE.join('.')} or newer; this is ${process.versions.node}.`);
  }
  if (existsSync(ENGINE)) return;
  const missing = BUILD_TOOLS.filter(({ programs }) => !programs.filter(Boolean).some(isHere));
  if (missing.length > 0) {
    const needs = missing.map(({ need }) => need).join(', ');
    end(
      `The media engine is compiled once, and ${needs} is missing here (Debian: apt install build-essential python3).`,
    );
  }
}

function end(line) {
  console.error(`parley: ${line}`);
  process.exit(1);
}
