import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process of its own: load that shares the server's memory and imports would measure itself. */
const LOAD_PROGRAM = fileURLToPath(new URL('../../../headless/dist/load/cli.js', import.meta.url));

/** `parley load`: hands everything to the headless participants' program and answers its exit code. */
export async function load(args: string[]): Promise<number> {
  const child = spawn(process.execPath, [LOAD_PROGRAM, ...args], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
