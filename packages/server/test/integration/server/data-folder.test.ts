import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SettingsError } from '../../../src/config/load.js';
import { makeDataFolder } from '../../../src/lifecycle/data-folder.js';

it('makes the data folder with its parents, and takes one that is there', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-data-'));
  try {
    const folder = join(dir, 'a/b');
    await makeDataFolder(folder);
    await makeDataFolder(folder);
    expect((await stat(folder)).isDirectory()).toBe(true);
  } finally {
    await rm(dir, { recursive: true });
  }
});

// Nobody can make a folder under /proc, root neither, and a recursive mkdir of Node's never comes back from there.
it.each([
  ['/proc/parley', 'ENOENT'],
  ['/proc/parley/data', 'ENOENT'],
  ['/dev/null', 'ENOTDIR'],
  ['/dev/null/parley', 'ENOTDIR'],
])('says in one line that %s cannot be written', async (folder, code) => {
  const refusal = await makeDataFolder(folder).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SettingsError);
  expect(refusal).toMatchObject({ message: `PARLEY_DATA_DIR: ${folder} cannot be written (${code})` });
});
