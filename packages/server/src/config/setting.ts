import type { Parser } from './parsers.js';
import type { Settings } from './settings.js';

export interface Setting<T> {
  /** Name in the environment. The flag is the same in small letters without `PARLEY_`: `--http-port`. */
  env: string;
  /** A value, or what follows from the settings that stand above. */
  default: T | ((above: Settings) => T);
  /** The default as the manual says it, where the value alone would not do. */
  shownDefault?: string;
  parse: Parser<T>;
  /** For the manual: what it does and why one would change it. */
  reason: string;
}

/** The part of the table that is about one subject. */
export type Rows<Name extends keyof Settings = keyof Settings> = {
  [One in Name]: Setting<Settings[One]>;
};
