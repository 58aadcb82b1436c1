import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SdkField } from './sdk-tables.js';

const PROTO_DIR = fileURLToPath(new URL('../proto', import.meta.url));
const SCALARS = new Set(['float', 'int32', 'int64', 'uint32', 'uint64', 'bool', 'string', 'bytes']);

/** Messages and enums of proto/, in the form in which sdk-tables.ts gives the SDK's. */
export function readProtoFiles(): {
  messages: Map<string, SdkField[]>;
  enums: Map<string, Record<string, number>>;
} {
  const messages = new Map<string, SdkField[]>();
  const enums = new Map<string, Record<string, number>>();
  const files = readdirSync(PROTO_DIR, { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('.proto'),
  );
  const texts = files.map((file) => readFileSync(join(PROTO_DIR, file), 'utf8').replace(/\/\/.*/g, ''));

  for (const text of texts) {
    const scope = packageOf(text);
    for (const [, name, body] of text.matchAll(/^enum (\w+) \{(.*?)^\}/gms)) {
      const prefix = `${name!.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}_`;
      const values = [...body!.matchAll(/(\w+) = (\d+);/g)].map(([, value, no]) => [
        value!.replace(prefix, ''),
        Number(no),
      ]);
      enums.set(`${scope}.${name}`, Object.fromEntries(values) as Record<string, number>);
    }
  }
  for (const text of texts) {
    const scope = packageOf(text);
    for (const [, name, body] of text.matchAll(/^message (\w+) \{(?:\}|(.*?)^\})/gms)) {
      messages.set(`${scope}.${name}`, readFields(body ?? '', scope, enums));
    }
  }
  return { messages, enums };
}

function readFields(body: string, scope: string, enums: Map<string, unknown>): SdkField[] {
  let oneof: string | undefined;
  const fields: SdkField[] = [];
  for (const line of body.split('\n')) {
    const group = /^\s*oneof (\w+) \{/.exec(line);
    if (group) oneof = group[1];
    if (/^\s*\}/.test(line)) oneof = undefined;
    const field = /^\s*(repeated |optional )?(map<string, )?([\w.]+)>? (\w+) = (\d+);/.exec(line);
    if (!field) continue;
    const [, label, map, written, name, no] = field;
    const type = SCALARS.has(written!)
      ? written!
      : written!.startsWith('.')
        ? written!.slice(1)
        : `${scope}.${written}`;
    fields.push({
      no: Number(no),
      name: name!,
      kind: map ? 'map' : SCALARS.has(type) ? 'scalar' : enums.has(type) ? 'enum' : 'message',
      type,
      repeated: label === 'repeated ',
      optional: label === 'optional ',
      oneof,
    });
  }
  return fields;
}

function packageOf(text: string): string {
  const found = /^package ([\w.]+);/m.exec(text);
  if (!found) throw new Error('A proto file has no package.');
  return found[1]!;
}
