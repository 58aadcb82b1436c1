import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** False when `npm run build` was not run; tests of the built command are skipped then. */
export const commandIsBuilt = existsSync(MAIN);

export interface CommandOptions {
  dataDir: string;
  env?: Record<string, string>;
  /** Run as this account of the operating system. */
  account?: { uid: number; gid: number };
}

/** A started `parley` with everything that it prints. */
export interface RunningCommand {
  process: ChildProcessByStdio<null, Readable, Readable>;
  output: { stdout: string; stderr: string };
  exitCode: Promise<number | null>;
}

/** Starts `parley <args>` with nothing of the tests' own environment. */
export function spawnParley(args: string[], { dataDir, env, account }: CommandOptions): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, PARLEY_DATA_DIR: dataDir, ...env },
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...account,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return { process: child, output, exitCode };
}

/** Runs `parley <args>` to its end. */
export async function parley(args: string[], options: CommandOptions) {
  const { output, exitCode } = spawnParley(args, options);
  return { code: await exitCode, ...output };
}

export interface StartedServer extends RunningCommand {
  httpUrl: string;
  httpsPort: number;
}

const POLL_MS = 50;

/** Runs `parley start` on free ports until it says that it is ready; throws what it printed when it does not. */
export async function startParley(options: CommandOptions): Promise<StartedServer> {
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const env = {
    PARLEY_HTTP_PORT: String(httpPort),
    PARLEY_HTTPS_PORT: String(httpsPort),
    PARLEY_MEDIA_WORKERS: '1',
    ...options.env,
  };
  const command = spawnParley(['start'], { ...options, env });
  const ended = command.exitCode.then(() => true);
  while (!command.output.stdout.includes('Parley is ready.')) {
    const wait = new Promise<false>((resolve) => setTimeout(() => resolve(false), POLL_MS));
    if (await Promise.race([ended, wait])) throw new Error(command.output.stderr);
  }
  return { ...command, httpUrl: `http://127.0.0.1:${env.PARLEY_HTTP_PORT}`, httpsPort };
}
