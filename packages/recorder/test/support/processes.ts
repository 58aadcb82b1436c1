import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface RunningProcess {
  pid: number;
  parent: number;
  command: string;
}

/** Processes below one, with a word of their command line, nearest first. */
export function descendantsOf(pid: number, word: string): number[] {
  const all = runningProcesses();
  const found: RunningProcess[] = [];
  let parents = [pid];
  while (parents.length > 0) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found.filter(({ command }) => command.includes(word)).map((process) => process.pid);
}

/** The one of some processes that works hardest, judged over `forMs`. */
export async function busiestOf(pids: readonly number[], forMs: number): Promise<number> {
  const before = pids.map(cpuTicksOf);
  await sleep(forMs);
  const used = pids.map((pid, index) => cpuTicksOf(pid) - before[index]!);
  return pids[used.indexOf(Math.max(...used))]!;
}

function cpuTicksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

export const isRunning = (pid: number): boolean => runningProcesses().some((process) => process.pid === pid);

function runningProcesses(): RunningProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return state === 'Z' ? [] : [{ pid: Number(name), parent: Number(parent), command }];
    } catch {
      // It has ended since the folder was read.
      return [];
    }
  });
}
