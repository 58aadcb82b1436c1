import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program in the repository's folder with its output on the terminal; answers its exit code. */
export function run(program, args, env = process.env) {
  const { status, signal, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env });
  if (error) console.error(`parley: ${program} cannot be run: ${error.message}`);
  return signal ? 1 : (status ?? 1);
}

/** As `run`, and ends the process when the program fails. */
export function mustRun(program, args) {
  const code = run(program, args);
  if (code !== 0) process.exit(code);
}
