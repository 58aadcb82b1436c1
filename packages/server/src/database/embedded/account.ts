import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The operating system's account that Postgres runs as when the server runs as root. */
export interface Account {
  uid: number;
  gid: number;
  name: string;
}

async function lookUp(nameOrUid: string): Promise<Account | null> {
  try {
    const [uid, gid, name] = await Promise.all(
      ['-u', '-g', '-un'].map(async (option) => (await run('id', [option, nameOrUid])).stdout.trim()),
    );
    return { uid: Number(uid), gid: Number(gid), name: name ?? nameOrUid };
  } catch {
    return null;
  }
}

/** System account without home and login. Debian and Red Hat have `useradd`, Alpine has `adduser`. */
async function create(name: string): Promise<Account | null> {
  const attempts: [string, string[]][] = [
    ['useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', name]],
    ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', name]],
  ];
  for (const [program, args] of attempts) {
    await run(program, args).catch(() => undefined);
    const account = await lookUp(name);
    if (account) return account;
  }
  return null;
}

/**
 * Postgres refuses to run as root. Answers null for an ordinary user (no change of account needed), else the
 * owner of the existing cluster, else the first that there is of `parley`, `postgres`, a new `parley`, `nobody`.
 */
export async function postgresAccount(clusterDir: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(clusterDir).then(
    (folder) => folder.uid,
    () => 0,
  );
  if (owner !== 0) {
    const account = await lookUp(String(owner));
    if (account) return account;
    throw new Error(`${clusterDir} belongs to the user id ${owner}, which this machine does not know`);
  }
  const account =
    (await lookUp('parley')) ??
    (await lookUp('postgres')) ??
    (await create('parley')) ??
    (await lookUp('nobody'));
  if (!account) throw new Error('Postgres refuses root, and no other account exists; set DATABASE_URL');
  return account;
}

/**
 * Root's Postgres runs as another account, which may not be able to walk to the folder. It starts inside and
 * calls the place where it stands by the name that needs no walking.
 */
export const placeOf = (clusterDir: string, account: Account | null): string =>
  account ? '/proc/self/cwd' : clusterDir;

/** Runs a program as the account, with nothing of the server's environment, which may hold secrets. */
export function spawnOptions(account: Account | null) {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  return account ? { env, uid: account.uid, gid: account.gid } : { env };
}
