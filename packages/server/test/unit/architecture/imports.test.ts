import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const SERVER = join(ROOT, 'packages/server/src');

/** Which of our packages a package may import; ARCHITECTURE.md shows the same arrows. */
const ARROWS: Record<string, string[]> = {
  'packages/wire/src': [],
  'packages/core/src': ['@parley/wire'],
  'packages/media/src': [],
  'packages/recorder/src': [],
  'packages/server/src': ['@parley/wire', '@parley/core', '@parley/media', '@parley/recorder'],
  'packages/web/src': [],
  'packages/headless/src': ['@parley/wire'],
  tests: ['@parley/wire', '@parley/headless', '@parley/recorder'],
  bench: ['@parley/wire', '@parley/headless', '@parley/media', '@parley/recorder'],
};

interface Import {
  from: string;
  /** As written. */
  specifier: string;
  /** Absolute path of the file, for a relative one. */
  target: string | null;
  typeOnly: boolean;
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|tsx)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(node_modules|dist|generated)\//.test(path));
}

const STATEMENTS = [
  /^import\s+(?:[\w\s{},*$]+\sfrom\s+)?['"]([^'"]+)['"]/gm,
  /^export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm,
];

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  return STATEMENTS.flatMap((statement) => [...text.matchAll(statement)]).map(([statement, name]) => {
    const specifier = name!;
    const target = specifier.startsWith('.') ? resolve(file, '..', specifier).replace(/\.js$/, '.ts') : null;
    return { from: file, specifier, target, typeOnly: /^(import|export)\s+type\s/.test(statement) };
  });
}

const importsBelow = (folder: string): Import[] => sourcesBelow(folder).flatMap(importsOf);

/** Without what vanishes when types are stripped; two files of a folder may know each other's types. */
const loadedBelow = (folder: string): Import[] => importsBelow(folder).filter(({ typeOnly }) => !typeOnly);

/** The first circle of arrows found, as a path that ends where it began; null when all run one way. */
function findCircle(arrows: Map<string, Set<string>>): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, path: string[]): string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const next of arrows.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle) return circle;
    }
    done.add(node);
    return null;
  };
  for (const node of arrows.keys()) {
    const circle = visit(node, []);
    if (circle) return circle;
  }
  return null;
}

/** Row numbers of the rooms in the table "The rooms of the server". */
function roomLevels(): Map<string, number> {
  const section =
    readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8').split('## The rooms of the server')[1] ?? '';
  const rows = section.split('\n## ')[0]!.match(/^\| `[^|]*/gm) ?? [];
  const rooms = rows.map((row) => [...row.matchAll(/`([\w.-]+?)\/?`/g)].map((match) => match[1]!));
  return new Map(rooms.flatMap((names, level) => names.map((name) => [name, level] as const)));
}

function arrowsBetween(imports: Import[], nameOf: (path: string) => string): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const { from, target } of imports) {
    if (!target || nameOf(from) === nameOf(target)) continue;
    arrows.set(nameOf(from), (arrows.get(nameOf(from)) ?? new Set()).add(nameOf(target)));
  }
  return arrows;
}

describe('imports', () => {
  it.each(Object.entries(ARROWS))('of %s are of ours only %j', (folder, allowed) => {
    const ours = importsBelow(join(ROOT, folder)).filter(({ specifier }) => specifier.startsWith('@parley/'));
    const wrong = ours.filter(({ specifier }) => !allowed.some((name) => specifier === name));
    expect(wrong.map(({ from, specifier }) => `${relative(ROOT, from)} -> ${specifier}`)).toEqual([]);
  });

  it.each(Object.keys(ARROWS))('of %s do not reach into another package by a path', (folder) => {
    const home = join(ROOT, folder);
    const wrong = importsBelow(home).filter(
      ({ target }) => target && relative(home, target).startsWith('..'),
    );
    expect(wrong.map(({ from, specifier }) => `${relative(ROOT, from)} -> ${specifier}`)).toEqual([]);
  });

  it('of the rules are pure: no Node, no library', () => {
    const outside = importsBelow(join(ROOT, 'packages/core/src')).filter(
      ({ specifier, target }) => !target && specifier !== '@parley/wire',
    );
    expect(outside.map(({ from, specifier }) => `${relative(ROOT, from)} -> ${specifier}`)).toEqual([]);
  });

  it("of the server's rooms go upwards in the table of ARCHITECTURE.md only", () => {
    const level = roomLevels();
    const room = (path: string) => relative(SERVER, path).split('/')[0]!;
    const arrows = [...arrowsBetween(importsBelow(SERVER), room)].flatMap(([from, targets]) =>
      [...targets].map((target) => ({ from, target })),
    );
    const unknown = arrows.filter(({ from, target }) => !level.has(from) || !level.has(target));
    expect(unknown).toEqual([]);
    expect(arrows.filter(({ from, target }) => level.get(target)! > level.get(from)!)).toEqual([]);
    expect(findCircle(arrowsBetween(importsBelow(SERVER), room))).toBeNull();
  });

  it.each(['wire', 'core', 'media', 'recorder', 'server', 'headless'])(
    'never load the files of %s in a circle',
    (name) => {
      const folder = join(ROOT, 'packages', name, 'src');
      const file = (path: string) => relative(folder, path);
      expect(findCircle(arrowsBetween(loadedBelow(folder), file))).toBeNull();
    },
  );

  it('are read from the sources by this test', () => {
    expect(importsBelow(SERVER).length).toBeGreaterThan(100);
    expect(
      findCircle(
        new Map([
          ['a', new Set(['b'])],
          ['b', new Set(['c', 'a'])],
        ]),
      ),
    ).toEqual(['a', 'b', 'a']);
  });
});
