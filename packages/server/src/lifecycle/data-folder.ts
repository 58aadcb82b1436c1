import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SettingsError } from '../config/load.js';

/** Makes the folder of `PARLEY_DATA_DIR` with its parents. Throws SettingsError when it cannot be had or written. */
export async function makeDataFolder(dir: string): Promise<void> {
  try {
    await makeFolder(dir);
    if (!(await stat(dir)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    await access(dir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new SettingsError(
      `PARLEY_DATA_DIR: ${dir} cannot be written (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

/** Node's own recursive way never ends in a folder that refuses with ENOENT to take another, such as /proc. */
async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(dir) === dir) throw error;
    await makeFolder(dirname(dir));
    await mkdir(dir);
  }
}
