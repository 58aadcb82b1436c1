import { fileURLToPath } from 'node:url';
import { type Child, startChild } from './child.js';

/** Starts a program of `baselines/`; each says `ready <port>` when it listens. */
export async function startBaseline(name: string, ...args: string[]): Promise<Child & { port: number }> {
  const program = fileURLToPath(new URL(`../baselines/${name}.js`, import.meta.url));
  const child = await startChild({
    command: process.execPath,
    args: [program, ...args],
    readyLine: /^ready \d+/,
  });
  return { ...child, port: Number(child.ready.split(' ')[1]) };
}
