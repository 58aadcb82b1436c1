import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** A process that a bench started, and that ends with it. */
export interface Child {
  pid: number;
  /** What the process said when it was ready. */
  ready: string;
  /** The lines before that. */
  linesBefore: readonly string[];
  /** SIGTERM, then SIGKILL when that does not help. Idempotent. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  command: string;
  args: string[];
  env?: Record<string, string>;
  /** The part of an output line that says that the process is ready. */
  readyLine: RegExp;
}

/** Starts a process and waits for its ready line. Rejects with the last output when it ends before. */
export async function startChild({ command, args, env, readyLine }: ChildOptions): Promise<Child> {
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const stop = () => end(child);
  try {
    const ready = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error([`${command} ${why}`, ...lines.slice(-20)].join('\n')));
      const timer = setTimeout(() => fail('was not ready in time'), READY_TIMEOUT_MS);
      child.once('error', (error) => fail(error.message));
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on('line', (line) => {
          lines.push(line);
          const match = readyLine.exec(line);
          if (!match) return;
          clearTimeout(timer);
          resolve(match[0]);
        });
      }
    });
    return { pid: child.pid!, ready, linesBefore: [...lines], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const hardKill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(hardKill);
}
