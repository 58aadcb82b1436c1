import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * Reads the message and event tables out of the installed SDK. Its bundle carries protobuf-ts reflection: one
 * class per message that calls `super("package.Message", [{no, name, kind, T}, ...])`, where T is a scalar's
 * number or a function that answers an instance of another message class.
 */

export interface SdkField {
  no: number;
  name: string;
  kind: 'scalar' | 'message' | 'enum' | 'map';
  /** Proto name of the type: `string`, `media.Codec`; of a map's values when `kind` is `map`. */
  type: string;
  repeated: boolean;
  optional: boolean;
  oneof: string | undefined;
}

export interface SdkTables {
  messages: Map<string, SdkField[]>;
  /** Enum values without their prefix, by the enum's proto name. */
  enums: Map<string, Record<string, number>>;
  /** Event numbers by name, one table for each part of the service. */
  events: Record<string, number>[];
}

const SCALARS: Record<number, string> = {
  2: 'float',
  3: 'int64',
  4: 'uint64',
  5: 'int32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
};
const MAP_KEY_STRING = 9;

interface RawField {
  no: number;
  name: string;
  kind: SdkField['kind'];
  T?: number | (() => unknown);
  repeat?: number;
  opt?: boolean;
  oneof?: string;
  K?: number;
  V?: { kind: string; T: () => unknown };
}

export function sdkBundle(): string {
  const path = createRequire(import.meta.url).resolve('@cloudflare/realtimekit');
  return readFileSync(path.replace(/index\.[a-z]+\.js$/, 'index.es.js'), 'utf8');
}

export function readSdkTables(bundle: string): SdkTables {
  const messageOfClass = new Map<string, string>();
  const rawFields = new Map<string, RawField[]>();
  for (const [, className, name, fields] of bundle.matchAll(
    /class ([\w$]+) extends [\w$]+ \{\s*constructor\(\) \{\s*super\("([\w.]+)", \[(.*?)\]\);\s*\}/gs,
  )) {
    messageOfClass.set(className!, name!);
    rawFields.set(name!, evaluate(`[${fields}]`) as RawField[]);
  }

  const messageOfInstance = new Map<string, string>();
  for (const [, instance, className] of bundle.matchAll(/([\w$]+) = new ([\w$]+)\(\)/g)) {
    const name = messageOfClass.get(className!);
    if (name !== undefined) messageOfInstance.set(instance!, name);
  }

  const declared = bundle.match(/super\("[a-z]+\.[\w.]+", \[/g)?.length;
  if (declared !== rawFields.size) throw new Error(`Read ${rawFields.size} of ${declared} messages.`);

  const enums = new Map<string, Record<string, number>>();
  const typeOf = (field: RawField): string => {
    if (field.kind === 'scalar') return named(SCALARS[field.T as number], `scalar ${field.T as number}`);
    const answer = (field.kind === 'map' ? field.V!.T : (field.T as () => unknown))();
    if (field.kind !== 'enum') return named(messageOfInstance.get(answer as string), String(answer));
    const [name, variable, prefix] = answer as [string, string, string?];
    enums.set(name, readEnum(bundle, variable, prefix ?? ''));
    return name;
  };

  const messages = new Map<string, SdkField[]>();
  for (const [name, fields] of rawFields) {
    messages.set(
      name,
      fields.map((field) => {
        if (field.kind === 'map' && field.K !== MAP_KEY_STRING) throw new Error(`Unread map key in ${name}.`);
        return {
          no: field.no,
          name: field.name,
          kind: field.kind,
          type: typeOf(field),
          repeated: (field.repeat ?? 0) !== 0,
          optional: field.kind !== 'message' && field.opt === true,
          oneof: field.oneof,
        };
      }),
    );
  }
  return { messages, enums, events: readEventTables(bundle) };
}

/** Evaluates a table; names of other bundle variables in it come out as strings. */
function evaluate(literal: string): unknown {
  const names = new Proxy(
    {},
    { has: () => true, get: (_, key) => (typeof key === 'string' ? key : undefined) },
  );
  return new Function('names', `with (names) { return ${literal}; }`)(names);
}

/** Enums are compiled to `t[t.PREFIX_NAME = 1] = "PREFIX_NAME"` or to `t[t.NAME = 1] = "NAME"` with a prefix aside. */
function readEnum(bundle: string, variable: string, prefix: string): Record<string, number> {
  const end = bundle.indexOf(`)(${variable} || (${variable} = {}))`);
  if (end < 0) throw new Error(`The SDK has no enum ${variable}.`);
  const body = bundle.slice(bundle.lastIndexOf('(function(', end), end);
  const values = [...body.matchAll(/\.(\w+) = (\d+)\] = "(\w+)"/g)].map(([, , number, name]) => [
    name!.startsWith(prefix) ? name!.slice(prefix.length) : name!,
    Number(number),
  ]);
  return Object.fromEntries(values) as Record<string, number>;
}

/**
 * The event tables are computed where they are declared: plain tables of local numbers, two functions that add a
 * base, and one statement that calls them. Running that passage gives the numbers as the SDK uses them.
 */
function readEventTables(bundle: string): Record<string, number>[] {
  const start = bundle.lastIndexOf('const ', bundle.indexOf('getPeerInfo: 0'));
  const end = bundle.indexOf(';', bundle.indexOf('50331648', start));
  const passage = bundle.slice(start, end);
  const calls = passage.slice(passage.lastIndexOf('const '));
  const names = [...calls.matchAll(/([\w$]+) = [\w$]+\(/g)].map(([, name]) => name);
  return new Function(`${passage}; return [${names.join(', ')}];`)() as Record<string, number>[];
}

function named(found: string | undefined, what: string): string {
  if (found === undefined) throw new Error(`Cannot read the SDK's tables: ${what} is unknown.`);
  return found;
}
