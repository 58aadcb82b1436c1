import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { type Account, placeOf, spawnOptions } from './account.js';

export interface SetUpOptions {
  /** Made when missing. */
  dir: string;
  clusterDir: string;
  /** File that the new password is written to. */
  passwordFile: string;
  account: Account | null;
  /** Path of the program. */
  initdb: string;
  durable: boolean;
}

/** Makes the cluster of a data directory, with the user `parley` and a random password. */
export async function setUpCluster(options: SetUpOptions): Promise<void> {
  const { dir, clusterDir, passwordFile, account } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  // Made beside its final place, so that a start that was cut off leaves no half cluster to trip over.
  const unfinished = `${clusterDir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await chmod(unfinished, 0o700);
  if (account) for (const path of [passwordFile, unfinished]) await chown(path, account.uid, account.gid);

  const passwordInput = await open(passwordFile);
  try {
    await runInitdb(
      options.initdb,
      unfinished,
      account,
      passwordInput.fd,
      options.durable ? [] : ['--no-sync'],
    );
  } finally {
    await passwordInput.close();
  }
  await rename(unfinished, clusterDir);
}

async function runInitdb(
  initdb: string,
  dir: string,
  account: Account | null,
  passwordFd: number,
  more: string[],
): Promise<void> {
  const args = [
    '-D',
    placeOf(dir, account),
    '--username=parley',
    '--pwfile=/dev/fd/0',
    '--auth=scram-sha-256',
  ];
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const child = spawn(initdb, [...args, ...locale, '--no-instructions', ...more], {
    ...spawnOptions(account),
    cwd: dir,
    stdio: [passwordFd, 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk) => {
    complaint += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`The embedded Postgres could not be set up: ${complaint.trim()}`);
}
