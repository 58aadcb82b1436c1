import { parseArgs } from 'node:util';
import { nearest } from './nearest.js';
import { BadValue } from './parsers.js';
import type { Setting } from './setting.js';
import type { Settings } from './settings.js';
import { SETTINGS } from './table.js';

/** What keeps the server from starting; its message is the only line to print. */
export class SettingsError extends Error {}

type Name = keyof Settings;
const ROWS = Object.entries(SETTINGS) as [Name, Setting<unknown>][];

export const flagOf = (env: string): string =>
  env
    .replace(/^PARLEY_/, '')
    .toLowerCase()
    .replaceAll('_', '-');

/**
 * Reads the settings from the environment and from flags, which win. An empty value counts as not given.
 * Throws SettingsError on the first wrong value, unknown flag or unknown `PARLEY_` name.
 */
export function loadSettings(env: NodeJS.ProcessEnv, args: string[]): Settings {
  const flags = readFlags(args);
  const unknown = Object.keys(env).find((key) => key.startsWith('PARLEY_') && !isKnown(key));
  if (unknown !== undefined)
    throw unknownName(
      'setting',
      unknown,
      ROWS.map(([, row]) => row.env),
    );

  const settings = {} as Settings;
  for (const [name, row] of ROWS) {
    const flag = flags.get(flagOf(row.env));
    const text = flag ?? env[row.env];
    const source = flag === undefined ? row.env : `--${flagOf(row.env)}`;
    Object.assign(settings, { [name]: text ? read(row, text, source) : defaultOf(row, settings) });
  }
  checkPairs(settings);
  return settings;
}

/** The settings as they are without any environment or flag, changed by `changes`; for tests and tools. */
export function settingsWith(changes: Partial<Settings>): Settings {
  const settings = {} as Settings;
  for (const [name, row] of ROWS)
    Object.assign(settings, { [name]: changes[name] ?? defaultOf(row, settings) });
  return settings;
}

function readFlags(args: string[]): Map<string, string> {
  const options = Object.fromEntries(ROWS.map(([, row]) => [flagOf(row.env), { type: 'string' as const }]));
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true, allowPositionals: true });
  const flags = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') throw new SettingsError(`Unexpected argument "${token.value}"`);
    if (token.kind !== 'option') continue;
    if (!(token.name in options))
      throw unknownName(
        'flag',
        token.rawName,
        Object.keys(options).map((flag) => `--${flag}`),
      );
    if (token.value === undefined) throw new SettingsError(`${token.rawName} needs a value`);
    flags.set(token.name, token.value);
  }
  return flags;
}

const isKnown = (key: string): boolean => ROWS.some(([, row]) => row.env === key);

function unknownName(kind: string, name: string, known: string[]): SettingsError {
  return new SettingsError(`Unknown ${kind} ${name}; did you mean ${nearest(name, known)}?`);
}

function defaultOf(row: Setting<unknown>, above: Settings): unknown {
  return typeof row.default === 'function' ? row.default(above) : row.default;
}

function read(row: Setting<unknown>, text: string, source: string): unknown {
  try {
    return row.parse(text);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    const shown = /TOKEN|SECRET|DATABASE_URL/.test(row.env) ? 'the value' : `"${text}"`;
    throw new SettingsError(`${source}: ${shown} ${error.message}`);
  }
}

/** Settings that make sense together only. */
const PAIRS: [Name, Name][] = [
  ['tlsCert', 'tlsKey'],
  ['turnUrls', 'turnSecret'],
];

/** Settings that must differ. */
const PORTS: Name[] = ['httpPort', 'httpsPort', 'rtmpPort', 'rtmpsPort'];

function checkPairs(settings: Settings): void {
  const isSet = (name: Name) => settings[name] !== null && (settings[name] as unknown[]).length !== 0;
  for (const [one, other] of PAIRS) {
    if (isSet(one) === isSet(other)) continue;
    const [given, missing] = isSet(one) ? [one, other] : [other, one];
    throw new SettingsError(`${SETTINGS[given].env} is set, but ${SETTINGS[missing].env} is not`);
  }
  for (const [index, name] of PORTS.entries()) {
    const taken = PORTS.slice(0, index).find((other) => settings[other] === settings[name]);
    if (taken === undefined || settings[name] === null) continue;
    throw new SettingsError(`${SETTINGS[taken].env} and ${SETTINGS[name].env} are both ${settings[name]}`);
  }
}
