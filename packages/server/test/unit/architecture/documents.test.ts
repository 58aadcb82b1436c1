import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Types of a library and our own packages need no reason of their own. */
const SELF_EVIDENT = /^@(types|parley)\//;

function dependencies(): string[] {
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/package.json`);
  return ['package.json', ...packages].flatMap((path) => {
    const manifest = JSON.parse(read(path)) as Record<string, Record<string, string> | undefined>;
    return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  });
}

const MANUALS = [
  'README.md',
  'ARCHITECTURE.md',
  'COMPATIBILITY.md',
  'CHANGELOG.md',
  'docs/error-codes.md',
  'docs/webhooks.md',
  'docs/recordings.md',
  'docs/livestreams.md',
  'docs/storage.md',
  'docs/encoders.md',
];

describe('the documents', () => {
  it('give a reason for every library', () => {
    const text = read('ARCHITECTURE.md').replaceAll(
      '`-ui`, `-ui-addons`',
      '@cloudflare/realtimekit-ui @cloudflare/realtimekit-ui-addons',
    );
    const unexplained = dependencies().filter((name) => !SELF_EVIDENT.test(name) && !text.includes(name));
    expect(unexplained).toEqual([]);
  });

  it.each(MANUALS)('%s links and names only files that exist', (path) => {
    const links = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map((match) => match[1]!);
    const missing = links.filter((link) => !existsSync(join(ROOT, dirname(path), link)));
    expect(missing).toEqual([]);
  });

  it('name only files of the server that exist', () => {
    const named = [...read('ARCHITECTURE.md').matchAll(/`([a-z-]+\/[a-z/-]+\.ts)`/g)].map(
      (match) => match[1]!,
    );
    const missing = named.filter(
      (file) => !existsSync(join(ROOT, file)) && !existsSync(join(ROOT, 'packages/server/src', file)),
    );
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(5);
  });
});
