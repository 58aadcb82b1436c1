import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the file `postmaster.pid` of a cluster says about the process that holds it. */
export interface Postmaster {
  pid: number;
  port: number;
  /** False while it starts, recovers or stops. */
  ready: boolean;
}

const POLL_MS = 20;
/** After this time a shutdown that waits for clients' queries is turned into an immediate one. */
const FAST_SHUTDOWN_MS = 10_000;

/** The running Postgres of this cluster; null when none runs. A file left by a dead one is removed. */
export async function runningPostmaster(clusterDir: string): Promise<Postmaster | null> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  if (await isPostmasterOf(pid, clusterDir))
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  // The number may since belong to a stranger; Postgres would then refuse to start because of the file.
  await rm(pidFile, { force: true });
  return null;
}

/** A postmaster's working directory is its cluster. Where that cannot be seen, the file's word is taken. */
async function isPostmasterOf(pid: number, clusterDir: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(clusterDir));
  } catch (error) {
    const endedMeanwhile = process.platform === 'linux' && (error as NodeJS.ErrnoException).code !== 'EACCES';
    return !endedMeanwhile;
  }
}

/** False also for a zombie: one that nobody collects stays for ever where process 1 does not do its duty. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) [ZX] /.test(stat);
}

/** Stops it with its data written out; one that hangs is made to stop at once, which its log makes good. */
export async function stopPostmaster({ pid }: Postmaster): Promise<void> {
  signal(pid, 'SIGINT');
  if (await gone(pid, FAST_SHUTDOWN_MS)) return;
  signal(pid, 'SIGQUIT');
  if (await gone(pid, FAST_SHUTDOWN_MS)) return;
  throw new Error(`The embedded Postgres (process ${pid}) does not stop`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until the process has ended; false when it still runs after the time. */
async function gone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (await isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
