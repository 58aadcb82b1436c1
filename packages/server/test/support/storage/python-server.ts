import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.js';

/** Debian's own: its packages are not seen by another Python that may stand before it in the path. */
const PYTHON = '/usr/bin/python3';

/** False when the package is not installed; the tests of its server are skipped then. */
export const hasPythonPackage = (name: string): boolean =>
  spawnSync(PYTHON, ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0;

export interface PythonServer {
  /** Of its own; gone after `close`. */
  folder: string;
  port: number;
  /** The line with which it said that it was ready. */
  greeting: string;
  close(): Promise<void>;
}

/** Runs a script of this folder as `<script> <folder> <port>`, until the standard input ends. */
export async function startPythonServer(
  script: string,
  prepare: (folder: string) => Promise<void> = async () => undefined,
): Promise<PythonServer> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-storage-'));
  await prepare(folder);
  const port = await freePort();
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(PYTHON, ['-W', 'ignore', path, folder, String(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const greeting = await firstLine(child);
  return {
    folder,
    port,
    greeting,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Throws what the process complained of when it ends before its first line. */
async function firstLine(child: ChildProcess): Promise<string> {
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const exit = once(child, 'exit').then(() => {
    throw new Error(`The server did not start: ${complaints}`);
  });
  exit.catch(() => undefined);
  const [line] = (await Promise.race([once(child.stdout!.setEncoding('utf8'), 'data'), exit])) as [string];
  return line.trim();
}
