import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { type Account, postgresAccount } from './account.js';
import { runningPostmaster, stopPostmaster } from './postmaster.js';
import { type Programs, programsFor } from './programs.js';
import { waitUntilFree } from './take-over.js';

export interface EmbeddedOptions {
  /** Folder of its own, made when missing; holds `cluster/` and `password`. */
  dir: string;
  log: Logger;
  /** False makes it fast and unsafe, for tests: a crash of the machine would lose data. */
  durable?: boolean;
}

const START_MS = 30_000;
const STOP_MS = 10_000;
const POLL_MS = 10;
/** Somebody else may take the free port between its choice and its use. */
const START_ATTEMPTS = 3;
/** Lines of Postgres' own log that are kept for the message of a failed start. */
const KEPT_LOG_LINES = 20;

/**
 * Runs Postgres and stays beside it: when the other end of descriptor 3 closes, that is when the server is gone
 * in whatever way, Postgres is shut down properly instead of being left behind.
 */
const GUARD = '"$@" 3<&- & pid=$!; { cat <&3 >/dev/null; kill -INT "$pid" 2>/dev/null; } & wait "$pid"';

const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=100',
  'shared_buffers=128MB',
  'wal_level=minimal',
  'max_wal_senders=0',
  'io_method=sync',
  'jit=off',
  'timezone=UTC',
  'log_timezone=UTC',
];
const UNSAFE_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off'];

/** The private Postgres of a data directory: made at the first start, stopped with `stop()` or with its server. */
export class EmbeddedPostgres {
  /** Resolves with the last lines of the log when Postgres ends, asked for or not. */
  readonly exited: Promise<string>;

  private constructor(
    readonly url: string,
    private readonly clusterDir: string,
    private readonly guard: ChildProcess,
    log: string[],
  ) {
    this.exited = once(guard, 'close').then(() => log.join('\n'));
  }

  /**
   * Throws DatabaseInUse when another server runs on the same folder, else an error whose message says what is
   * wrong. A Postgres that a killed server left behind is shut down first.
   */
  static async start(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
    const clusterDir = join(options.dir, 'cluster');
    const account = await postgresAccount(clusterDir);
    const programs = await programsFor(account);
    if (!(await stat(clusterDir).catch(() => null))) await initialise(options, clusterDir, account, programs);
    const password = (await readFile(passwordFile(options.dir), 'utf8')).trim();
    await waitUntilFree(clusterDir, (port) => urlOf(port, password));

    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        const { guard, log } = await launch(options, clusterDir, account, programs, port);
        const url = urlOf(port, password);
        await createDatabaseIfMissing(url);
        return new EmbeddedPostgres(url, clusterDir, guard, log);
      } catch (error) {
        if (attempt === START_ATTEMPTS || !/could not bind|Address already in use/.test(String(error)))
          throw error;
      }
    }
  }

  /** Idempotent. All that was committed is on disk when it resolves. */
  async stop(): Promise<void> {
    (this.guard.stdio[3] as Duplex).destroy();
    const stopped = await Promise.race([this.exited.then(() => true), sleep(STOP_MS, false, { ref: false })]);
    if (stopped) return;
    const postmaster = await runningPostmaster(this.clusterDir);
    if (postmaster) await stopPostmaster(postmaster);
  }
}

/** The address of the Postgres that a running server has started in this folder; null when none runs. */
export async function runningEmbeddedUrl(dir: string): Promise<string | null> {
  const postmaster = await runningPostmaster(join(dir, 'cluster'));
  if (!postmaster?.ready) return null;
  return urlOf(postmaster.port, (await readFile(passwordFile(dir), 'utf8')).trim());
}

const passwordFile = (dir: string): string => join(dir, 'password');
const urlOf = (port: number, password: string): string =>
  `postgres://parley:${password}@127.0.0.1:${port}/parley`;

/**
 * Root's Postgres runs as another account, which may not be able to walk to the folder. It starts inside and
 * calls the place where it stands by the name that needs no walking.
 */
const placeOf = (clusterDir: string, account: Account | null): string =>
  account ? '/proc/self/cwd' : clusterDir;

async function initialise(
  { dir, durable }: EmbeddedOptions,
  clusterDir: string,
  account: Account | null,
  programs: Programs,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const secret = passwordFile(dir);
  await writeFile(secret, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  // Made beside its final place, so that a start that was cut off leaves no half cluster to trip over.
  const unfinished = `${clusterDir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await chmod(unfinished, 0o700);
  if (account) for (const path of [secret, unfinished]) await chown(path, account.uid, account.gid);

  const passwordInput = await open(secret);
  try {
    await runInitdb(
      programs.initdb,
      unfinished,
      account,
      passwordInput.fd,
      durable === false ? ['--no-sync'] : [],
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
    ...asAccount(account),
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

async function launch(
  { log, durable }: EmbeddedOptions,
  clusterDir: string,
  account: Account | null,
  programs: Programs,
  port: number,
): Promise<{ guard: ChildProcess; log: string[] }> {
  const settings = [...SETTINGS, `port=${port}`, ...(durable === false ? UNSAFE_SETTINGS : [])];
  const command = [
    programs.postgres,
    '-D',
    placeOf(clusterDir, account),
    ...settings.flatMap((s) => ['-c', s]),
  ];
  const guard = spawn('/bin/sh', ['-c', GUARD, 'parley-postgres', ...command], {
    ...asAccount(account),
    cwd: clusterDir,
    // A session of its own: Ctrl-C in the terminal reaches the server only, which needs the database to drain.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const kept: string[] = [];
  createInterface({ input: guard.stderr! }).on('line', (line) => {
    log.debug({ postgres: line }, 'Postgres');
    kept.push(line);
    if (kept.length > KEPT_LOG_LINES) kept.shift();
  });

  let ended = false;
  const close = once(guard, 'close').then(() => {
    ended = true;
  });
  const deadline = Date.now() + START_MS;
  while (!ended && Date.now() < deadline) {
    const postmaster = await runningPostmaster(clusterDir);
    if (postmaster?.ready && postmaster.port === port) return { guard, log: kept };
    await Promise.race([close, sleep(POLL_MS)]);
  }
  (guard.stdio[3] as Duplex).destroy();
  throw new Error(`The embedded Postgres did not start:\n${kept.join('\n')}`);
}

function asAccount(account: Account | null) {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  return account ? { env, uid: account.uid, gid: account.gid } : { env };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1');
  return address.port;
}

const NO_SUCH_DATABASE = '3D000';

async function createDatabaseIfMissing(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
  } catch (error) {
    if ((error as pg.DatabaseError).code !== NO_SUCH_DATABASE) throw error;
    const maintenance = new pg.Client({ connectionString: url.replace(/[^/]+$/, 'postgres') });
    await maintenance.connect();
    await maintenance.query('create database parley');
    await maintenance.end();
    return;
  }
  await client.end();
}
