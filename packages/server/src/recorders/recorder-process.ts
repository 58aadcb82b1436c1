import { type ChildProcess, fork } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecorderCommand, RecorderEvent, RecorderOrder } from '@parley/recorder';

const PID_FILE = 'recorder.pid';
/** Time for a recorder without a server to put down what it has, before it is cut off. */
const ORPHAN_GRACE_MS = 10_000;
const POLL_MS = 50;
const OUTPUT_TAIL_CHARS = 2_000;

/** What a recorder process is started with. */
export interface RecorderLaunch {
  program: string;
  env: Record<string, string>;
  order: RecorderOrder;
}

export interface RecorderListeners {
  onEvent(event: RecorderEvent): void;
  /** Called once, after the last event. */
  onExit(reason: string): void;
}

/**
 * One recorder process and all that it starts: a process group of its own, so that nothing of it outlives it. Which
 * process it is stands in its folder, for the server that comes after a crash.
 */
export class RecorderProcess {
  readonly #child: ChildProcess;
  #tail = '';

  private constructor(
    child: ChildProcess,
    private listeners: RecorderListeners,
  ) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#tail = (this.#tail + text).slice(-OUTPUT_TAIL_CHARS);
      });
      stream?.on('error', () => {});
    }
    child.on('message', (event: RecorderEvent) => this.listeners.onEvent(event));
    child.on('error', () => {});
    // Not `close`, which Node does not emit any more once `release` has closed the channel.
    child.once('exit', (code, signal) => {
      this.kill();
      this.listeners.onExit(signal ?? `code ${code}`);
    });
  }

  static async start(
    { program, env, order }: RecorderLaunch,
    listeners: RecorderListeners,
  ): Promise<RecorderProcess> {
    const child = fork(program, [], {
      env,
      cwd: order.folder,
      execArgv: [],
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const recorder = new RecorderProcess(child, listeners);
    if (child.pid !== undefined) await rememberProcess(order.folder, child.pid);
    recorder.#send(order);
    return recorder;
  }

  /** Gives a process that stands by in `folder` its order; what it tells from now on belongs to that. */
  async handOver(folder: string, order: RecorderOrder, listeners: RecorderListeners): Promise<void> {
    this.listeners = listeners;
    if (this.#child.pid !== undefined) await rememberProcess(order.folder, this.#child.pid);
    await rm(join(folder, PID_FILE), { force: true });
    this.#send(order);
  }

  /** What the process printed last, for the reason of a failure. */
  get tail(): string {
    return this.#tail.trim();
  }

  command(command: RecorderCommand): void {
    this.#send(command);
  }

  /** Without its server a recorder puts down what it has and ends. */
  release(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  kill(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  #send(message: RecorderOrder | RecorderCommand): void {
    if (this.#child.connected) this.#child.send(message, () => {});
  }
}

async function rememberProcess(folder: string, pid: number): Promise<void> {
  const born = await birthOf(pid);
  if (born) await writeFile(join(folder, PID_FILE), `${pid} ${born}`).catch(() => {});
}

/**
 * Ends the recorder that an earlier server has left in a folder, once it has had `graceMs` to put down what it has and end
 * by itself.
 */
export async function endOrphan(folder: string, graceMs = ORPHAN_GRACE_MS): Promise<void> {
  const [pid, born] = (await readFile(join(folder, PID_FILE), 'utf8').catch(() => '')).split(' ');
  if (!pid || !born) return;
  const isThere = async () => (await birthOf(Number(pid))) === born;
  const deadline = Date.now() + graceMs;
  while ((await isThere()) && Date.now() < deadline) await sleep(POLL_MS);
  const now = await birthOf(Number(pid));
  // Where nobody has the pid, a group of that number can only be what the recorder has left.
  if (now === born || now === null) killGroup(Number(pid));
}

/** When a process began, in the kernel's ticks: a pid alone may belong to another one by now. */
async function birthOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isDead = fields[0] === 'Z' || fields[0] === 'X';
  return isDead ? null : (fields[19] ?? null);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
