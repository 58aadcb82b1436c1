import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the browser captured lies in parts, a new one after each pause: Matroska, whole up to its last chunk. */
const PART_NAME = /^capture-(\d{4})\.mkv$/;
const SOUND_HEARD_NAME = 'sound-heard';

export const partPath = (folder: string, number: number): string =>
  join(folder, `capture-${String(number).padStart(4, '0')}.mkv`);

/** The parts that hold anything, oldest first. */
export async function capturedParts(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => PART_NAME.test(name)).sort();
  const paths = names.map((name) => join(folder, name));
  const sizes = await Promise.all(paths.map((path) => stat(path)));
  return paths.filter((_, index) => sizes[index]!.size > 0);
}

/** Remembers that the page had sound, so that files without any are known to be wrong, also after a crash. */
export async function rememberSound(folder: string): Promise<void> {
  await writeFile(join(folder, SOUND_HEARD_NAME), '');
}

export async function soundWasHeard(folder: string): Promise<boolean> {
  return (await readdir(folder)).includes(SOUND_HEARD_NAME);
}
