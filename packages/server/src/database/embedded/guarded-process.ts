import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Account, placeOf, spawnOptions } from './account.js';
import { runningPostmaster } from './postmaster.js';

const START_MS = 30_000;
const POLL_MS = 10;
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

export interface LaunchOptions {
  clusterDir: string;
  account: Account | null;
  /** Path of the program. */
  postgres: string;
  port: number;
  durable: boolean;
  log: Logger;
}

export interface GuardedPostgres {
  /** The shell beside Postgres; it ends when Postgres ends. */
  guard: ChildProcess;
  ended: Promise<void>;
  /** The last lines of Postgres' own log. */
  log: string[];
}

/** Starts Postgres and waits until it takes connections. Throws its last words when it does not. */
export async function launch(options: LaunchOptions): Promise<GuardedPostgres> {
  const { clusterDir, account, port, log } = options;
  const settings = [...SETTINGS, `port=${port}`, ...(options.durable ? [] : UNSAFE_SETTINGS)];
  const command = [
    options.postgres,
    '-D',
    placeOf(clusterDir, account),
    ...settings.flatMap((s) => ['-c', s]),
  ];
  const guard = spawn('/bin/sh', ['-c', GUARD, 'parley-postgres', ...command], {
    ...spawnOptions(account),
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

  const ended = endOf(guard);
  const deadline = Date.now() + START_MS;
  while (guard.exitCode === null && guard.signalCode === null && Date.now() < deadline) {
    const postmaster = await runningPostmaster(clusterDir);
    if (postmaster?.ready && postmaster.port === port) return { guard, ended, log: kept };
    await Promise.race([ended, sleep(POLL_MS)]);
  }
  lifeline(guard).destroy();
  await ended;
  throw new Error(`The embedded Postgres did not start:\n${kept.join('\n')}`);
}

/** Closing it shuts Postgres down. */
export const lifeline = (guard: ChildProcess): Duplex => guard.stdio[3] as Duplex;

/** Resolves when Postgres has ended and its log is read to the end; lets the guard's waiting half go as well. */
async function endOf(guard: ChildProcess): Promise<void> {
  const closed = once(guard, 'close');
  await once(guard, 'exit');
  lifeline(guard).destroy();
  await closed;
}
