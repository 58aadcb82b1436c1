import { appendFile, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const NAME = 'part-times.jsonl';

/** When a part began, and how much of it counts, in milliseconds; the length is not known of one that broke off. */
export interface PartTime {
  startedAtMs: number;
  lengthMs?: number;
}

/** Puts down what is known of a part beside it, so that it is known after a crash. */
export async function rememberPartTime(path: string, time: Partial<PartTime>): Promise<void> {
  const line = JSON.stringify({ name: basename(path), ...time });
  await appendFile(join(dirname(path), NAME), `${line}\n`);
}

/** By the path of the part; empty where nothing was put down. */
export async function partTimes(folder: string): Promise<Map<string, PartTime>> {
  const times = new Map<string, PartTime>();
  for (const line of (await readFile(join(folder, NAME), 'utf8').catch(() => '')).split('\n')) {
    // A crash may have cut the last line.
    if (!line.endsWith('}')) continue;
    const { name, ...time } = JSON.parse(line) as PartTime & { name: string };
    const path = join(folder, name);
    times.set(path, { ...times.get(path), ...time });
  }
  return times;
}
