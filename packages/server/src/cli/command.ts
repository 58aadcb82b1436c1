import { readFileSync } from 'node:fs';
import { SettingsError } from '../config/load.js';
import { nearest } from '../config/nearest.js';
import { UsageError } from './usage-error.js';

/** Takes the arguments after its name; answers the exit code. */
type Command = (args: string[]) => Promise<number>;

const HELP = `Usage: parley <command>

  start                        Run the server until SIGTERM or Ctrl-C
  token create --permission "Realtime Admin" [--name <text>] [--account <id>]
                               Make an API token; it is shown once
  token list                   List the API tokens
  token revoke <id>            Take a token back; at once
  load [flags]                 Fill meetings with headless participants (parley load --help)
  help                         This page
  version                      The version

Settings come from the environment or as flags, such as --data-dir for PARLEY_DATA_DIR: docs/configuration.md
`;

const print = (text: string): Promise<number> => {
  process.stdout.write(text);
  return Promise.resolve(0);
};

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `${(JSON.parse(manifest) as { version: string }).version}\n`;
}

/** Each command loads what it needs itself: `parley token` should not wait for the whole server to be read. */
const COMMANDS: Record<string, Command> = {
  start: async (args) => (await import('./start.js')).start(args),
  token: async (args) => (await import('./token.js')).token(args),
  load: async (args) => (await import('./load.js')).load(args),
  help: () => print(HELP),
  version: () => print(version()),
};

const ALIASES: Record<string, string> = { '--help': 'help', '-h': 'help', '--version': 'version' };

/** `parley load` has a page of its own. */
const asksForHelp = (name: string, args: string[]): boolean => name !== 'load' && args.includes('--help');

/** Runs one command. A mistake of the caller or of the installation is printed as one line. */
export async function runCommand([name = 'help', ...args]: string[]): Promise<number> {
  const command = asksForHelp(name, args) ? COMMANDS.help : COMMANDS[ALIASES[name] ?? name];
  try {
    if (!command) {
      throw new UsageError(
        `Unknown command "${name}"; did you mean "${nearest(name, Object.keys(COMMANDS))}"?`,
      );
    }
    return await command(args);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return error instanceof UsageError || error instanceof SettingsError ? 2 : 1;
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A mistake in the program itself has no sentence for the user; its place is what helps.
  const isOurs = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  return isOurs ? (error.stack ?? error.message) : error.message;
}
