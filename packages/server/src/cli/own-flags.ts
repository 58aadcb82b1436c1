import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

/** Takes a command's own flags out of its arguments; the rest are flags of settings. */
export function takeFlags<Name extends string>(
  args: string[],
  names: readonly Name[],
): { flags: Partial<Record<Name, string>>; rest: string[] } {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const flags: Partial<Record<Name, string>> = {};
  const taken = new Set<number>();
  for (const token of tokens) {
    const name = names.find((own) => token.kind === 'option' && token.name === own);
    if (!name || token.kind !== 'option') continue;
    if (!token.value) throw new UsageError(`--${name} needs a value`);
    flags[name] = token.value;
    taken.add(token.index);
    if (!token.inlineValue) taken.add(token.index + 1);
  }
  return { flags, rest: args.filter((_, index) => !taken.has(index)) };
}
