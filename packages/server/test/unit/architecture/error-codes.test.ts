import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { REFUSAL_SENTENCES } from '../../../src/sessions/refused.js';

const ROOT = fileURLToPath(new URL('../../../../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const manual = read('docs/error-codes.md');
const section = (title: string) => manual.split(`\n## ${title}`)[1]?.split('\n## ')[0] ?? '';
const rows = (title: string) =>
  section(title)
    .split('\n')
    .filter((line) => /^\| [`\d]/.test(line))
    .map((line) => line.slice(2, -2).split(' | '));

/** The SDK's own table: `{ "0004": "Invalid auth token", 1e3: "Internal exception", ... }`. */
function tableOfSdk(): { texts: Map<string, string>; rest: string } {
  const source = read('node_modules/@cloudflare/realtimekit/dist/index.es5.js');
  const start = source.indexOf('"0000": "Internal exception."');
  const end = source.indexOf('}', start);
  const entries = source.slice(start, end).matchAll(/(?:"(\d{4})"|(\d{4}|\de3)): "([^"]*)"/g);
  const texts = [...entries].map(
    ([, quoted, number, text]) => [quoted ?? String(Number(number)), text!] as const,
  );
  return { texts: new Map(texts), rest: source.slice(0, start) + source.slice(end) };
}

const sdk = tableOfSdk();
const SERVER = 'Codes of the web SDK that an answer of the server brings about';
const NEVER_HERE = 'Codes that this server never brings about';
const [byItself = '', nowhere = ''] = section('Codes that the SDK gives by itself').split('In its table,');
const codesIn = (text: string) => [...text.matchAll(/\b\d{4}\b/g)].map(([code]) => code);

/** Fields at fault, which stand in the place of a word. */
const FIELDS = ['body', 'name', 'preset_name'];

describe('the table of error codes', () => {
  it('has every code of the installed SDK, once', () => {
    const listed = [
      ...[...rows(SERVER), ...rows(NEVER_HERE)].map(([code]) => code!),
      ...codesIn(byItself),
      ...codesIn(nowhere),
    ];
    expect(listed.toSorted()).toEqual([...sdk.texts.keys()].toSorted());
  });

  it('says of each what the SDK says', () => {
    for (const [code, text] of [...rows(SERVER), ...rows(NEVER_HERE)]) {
      expect([code, text]).toEqual([code, sdk.texts.get(code!)]);
    }
  });

  it('knows which codes the SDK throws at all', () => {
    const unthrown = [...sdk.texts.keys()].filter((code) => !sdk.rest.includes(`"${code}"`));
    expect(codesIn(nowhere).toSorted()).toEqual(unthrown.toSorted());
  });

  it('names a test for every code that the server brings about', () => {
    for (const [code, , , proofs] of rows(SERVER)) {
      const named = [...proofs!.matchAll(/`([^`]+)` "([^"]+)"/g)];
      expect(named.length, code).toBeGreaterThan(0);
      for (const [, file, words] of named) {
        expect(read(file!).includes(words!), `${file} has no test named "${words}"`).toBe(true);
      }
    }
  });

  it('has every word of the HTTP answers', () => {
    const files = readdirSync(join(ROOT, 'packages/server/src'), { recursive: true, encoding: 'utf8' });
    const sources = files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`packages/server/src/${file}`));
    const words = sources.flatMap((source) =>
      [...source.matchAll(/(?:new ApiError|super)\([^;]*?,\s*'([a-z]+(?:_[a-z]+)*)',?\s*\)/g)]
        .map(([, word]) => word!)
        .filter((word) => !FIELDS.includes(word)),
    );
    const listed = rows('Words of the HTTP answers').map(([, word]) => word!.replaceAll('`', ''));
    expect(listed.toSorted()).toEqual([...new Set(words)].toSorted());
  });

  it('has every refusal of the socket with its sentence', () => {
    const listed = rows('Refusals on the socket').map(([word, sentence]) => [
      word!.replaceAll('`', ''),
      sentence,
    ]);
    expect(Object.fromEntries(listed)).toEqual(REFUSAL_SENTENCES);
  });
});
