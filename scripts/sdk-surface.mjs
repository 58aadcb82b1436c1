/**
 * Reads from the type declarations of the installed web SDK what an app can reach from its `meeting` object: every
 * public method, property and event of the classes that hang on it. A new version of the SDK brings its new items by
 * itself, and the test of this list then asks for their proof.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ROOT_CLASS = 'Client';
/** Machinery of the SDK that it shows in its types: their members are no interface for apps. */
const INSIDES = new Set(['Telemetry', 'Logger', 'Features', 'BrowserCapabilities', 'Producer', 'Consumer']);
/** The listeners' methods are the same on every emitter, so they are listed once, under its class. */
const EMITTERS = new Set(['TypedEventEmitter$1', 'CustomEventEmitter']);

/** Stands in each list for all the others. */
const EVERY_EVENT = '*';

/** The heading may hold braces of its own, in the bounds of a type parameter. */
const CLASS = /^declare class ([\w$]+)(.*?(?:\{\n(?: {4}.*\n)*\}.*?)?) \{\n((?:[ \t].*\n|\n)*)\}\n/gm;
/** A member begins four spaces in; the lines of its parameters stand deeper, or begin with a brace. */
const MEMBER = /^ {4}((?:(?:static|readonly|private|protected|get|set) )*)([\w$]+)\??([<(:;].*)$/gm;

const declarationsPath = () =>
  join(dirname(createRequire(import.meta.url).resolve('@cloudflare/realtimekit')), 'index.d.ts');

/** The class as an app's developer knows it: without the number that the bundler put behind a double name. */
const displayName = (name) => name.replace(/\$\d+$/, '');

function classesOf(text) {
  const classes = new Map();
  for (const [, name, heading, body] of text.matchAll(CLASS)) {
    const [, base, baseArguments = ''] = /^[\s\S]*\bextends ([\w$]+)(<.*>)?$/.exec(heading) ?? [];
    const members = [...body.matchAll(MEMBER)]
      .map(([, modifiers, member, rest]) => ({ modifiers, member, rest }))
      .filter(({ modifiers, member }) => !/private|protected/.test(modifiers) && isPublicName(member));
    classes.set(name, { base, baseArguments, heading, members });
  }
  return classes;
}

const isPublicName = (name) => name !== 'constructor' && (!name.startsWith('_') || name === '__internals__');

/** Classes that a text of types names. */
const namedIn = (text, classes) =>
  [...text.matchAll(/[\w$]+/g)].map(([name]) => name).filter((name) => classes.has(name));

/** What a caller gets: the type of a property or the result of a method, without the parameters. */
function resultOf({ rest }) {
  return rest.startsWith(':') ? rest : rest.slice(rest.lastIndexOf('):'));
}

function reachableFrom(root, classes) {
  const reached = new Set();
  const waiting = [root];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name) || INSIDES.has(name)) continue;
    reached.add(name);
    const { heading, members } = classes.get(name);
    waiting.push(...namedIn(heading, classes), ...members.flatMap((one) => namedIn(resultOf(one), classes)));
  }
  return reached;
}

/** Events named by the types in the angle brackets of `extends TypedEventEmitter<...>`. */
function eventsOf({ base, baseArguments }, text) {
  if (base === undefined) return [];
  const literals = [...baseArguments.matchAll(/'([^']+)'/g)].map(([, name]) => name);
  const typed = [...baseArguments.matchAll(/[\w$]*Events[\w$]*/g)].flatMap(([type]) =>
    eventsOfType(type, text),
  );
  return [...literals, ...typed];
}

function eventsOfType(type, text) {
  const escaped = type.replaceAll('$', '\\$');
  const keysOf = new RegExp(`^type ${escaped} = keyof typeof (\\w+)`, 'm').exec(text)?.[1];
  const body = new RegExp(
    keysOf ? `^declare const ${keysOf}: \\{\\n([\\s\\S]*?)^\\}` : `^type ${escaped} = \\{\\n([\\s\\S]*?)^\\}`,
    'm',
  ).exec(text)?.[1];
  if (body === undefined) throw new Error(`The SDK's declarations have no list of the events ${type}`);
  const names = [...body.matchAll(/^ {4}(?:\['(.+?)'\]|'(.+?)'|(\w+)):/gm)].map(([, a, b, c]) => a ?? b ?? c);
  return names.map((name) => name.trim());
}

function inheritedNames(name, classes) {
  const base = classes.get(classes.get(name).base);
  if (!base) return new Set();
  return new Set([
    ...base.members.map(({ member }) => member),
    ...inheritedNames(classes.get(name).base, classes),
  ]);
}

/**
 * All items, sorted: `{ id, kind }` with ids such as `Participants.kickAll` and, for events,
 * `Participants:broadcastedMessage`; `kind` is method, property or event. A member that a class takes over from its base
 * stands under the base.
 */
export function readSdkSurface(text = readFileSync(declarationsPath(), 'utf8')) {
  const classes = classesOf(text);
  const kinds = new Map();
  for (const name of reachableFrom(ROOT_CLASS, classes)) {
    const { members } = classes.get(name);
    const inherited = EMITTERS.has(name) ? new Set() : inheritedNames(name, classes);
    for (const { modifiers, member, rest } of members) {
      if (inherited.has(member)) continue;
      const isMethod = !/get|set/.test(modifiers) && (/^[<(]/.test(rest) || /^: \(.*\) => /.test(rest));
      kinds.set(`${displayName(name)}.${member}`, isMethod ? 'method' : 'property');
    }
    for (const event of eventsOf(classes.get(name), text)) {
      if (event !== EVERY_EVENT) kinds.set(`${displayName(name)}:${event}`, 'event');
    }
  }
  return [...kinds].map(([id, kind]) => ({ id, kind })).sort((a, b) => a.id.localeCompare(b.id));
}
