/**
 * Applies `patches/*.patch` to the sources of the media engine and compiles what they changed.
 *
 * Runs after every install and does nothing when the built engine carries the same patches already. The engine's
 * own install has left its object files, so this takes seconds, not minutes.
 *
 *   node packages/media/scripts/patch-engine.mjs            patch and compile
 *   node packages/media/scripts/patch-engine.mjs --check    only say whether a compiler is here
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const patchDirectory = fileURLToPath(new URL('../patches/', import.meta.url));

function fail(sentence) {
  console.error(`parley: ${sentence}`);
  process.exit(1);
}

function requireCompiler() {
  const compiler = process.env.CXX?.split(' ')[0] || 'c++';
  for (const program of [compiler, 'make']) {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error) {
      fail(
        `the media engine needs a C++ compiler and make, and \`${program}\` is not here (Debian: apt install build-essential).`,
      );
    }
  }
}

function readPatches() {
  const names = readdirSync(patchDirectory)
    .filter((name) => name.endsWith('.patch'))
    .sort();
  return names.map((name) => ({ name, text: readFileSync(join(patchDirectory, name), 'utf8') }));
}

/** Some of the engine's files have CRLF line ends; patches are kept with LF, and files keep what they had. */
async function apply(patches, folderOf) {
  const { applyPatch, parsePatch, reversePatch } = await import('diff');
  for (const { name, text } of patches) {
    for (const change of parsePatch(text)) {
      const [, folder, path] =
        /^b\/([^/]+)\/(.+)$/.exec(change.newFileName) ?? fail(`${name} names no file.`);
      const file = join(folderOf(folder), path);
      const original = readFileSync(file, 'utf8');
      const lines = original.replaceAll('\r\n', '\n');
      if (applyPatch(lines, reversePatch(change)) !== false) continue;
      const patched = applyPatch(lines, change);
      if (patched === false)
        fail(`${name} does not fit ${file}; is another version of the engine installed?`);
      writeFileSync(file, original.includes('\r\n') ? patched.replaceAll('\n', '\r\n') : patched);
    }
  }
}

if (process.argv.includes('--check')) {
  requireCompiler();
  process.exit(0);
}

const { resolve } = createRequire(import.meta.url);
const folderOf = (name) => dirname(resolve(`${name}/package.json`));
const build = join(folderOf('medooze-media-server'), 'build');
const binary = join(build, 'Release', 'medooze-media-server.node');
const stamp = join(build, 'Release', 'parley-patches');

const patches = readPatches();
const digest = createHash('sha256').update(JSON.stringify(patches)).digest('hex');
const isCurrent = existsSync(binary) && existsSync(stamp) && readFileSync(stamp, 'utf8').trim() === digest;

if (!isCurrent) {
  requireCompiler();
  if (!existsSync(join(build, 'Makefile'))) {
    fail(
      'the media engine was not built; allow its install script and run `npm rebuild medooze-media-server`.',
    );
  }
  rmSync(stamp, { force: true });
  await apply(patches, folderOf);
  console.log(`parley: compiling the media engine with ${patches.length} patches`);
  const jobs = String(availableParallelism());
  const make = spawnSync('make', ['-C', build, 'BUILDTYPE=Release', '-j', jobs], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  if (make.status !== 0) {
    console.error(make.stderr.split('\n').slice(-30).join('\n'));
    fail('compiling the media engine failed, see above.');
  }
  writeFileSync(stamp, `${digest}\n`);
}
