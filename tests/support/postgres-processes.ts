import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Postgres that a server runs in its data folder, as processes. */
export class PostgresProcesses {
  #stopped: number[] = [];

  constructor(private readonly dataDir: string) {}

  /** Stops all of them in the middle of what they do, as a machine that hangs. */
  pause(): void {
    const postmaster = Number(
      readFileSync(join(this.dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').split('\n')[0],
    );
    // The postmaster first, or it would start more.
    process.kill(postmaster, 'SIGSTOP');
    this.#stopped = [postmaster, ...childrenOf(postmaster)];
    for (const pid of this.#stopped) signal(pid, 'SIGSTOP');
  }

  /** Idempotent. */
  resume(): void {
    for (const pid of this.#stopped.splice(0).reverse()) signal(pid, 'SIGCONT');
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

/** The fourth field; the second is a name in brackets that may contain anything. */
function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // A backend may have ended between the listing and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
