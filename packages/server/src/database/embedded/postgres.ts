import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { postgresAccount } from './account.js';
import { type GuardedPostgres, launch, lifeline } from './guarded-process.js';
import { runningPostmaster, stopPostmaster } from './postmaster.js';
import { programsFor } from './programs.js';
import { setUpCluster } from './set-up.js';
import { waitUntilFree } from './take-over.js';

export interface EmbeddedOptions {
  /** Folder of its own, made when missing; holds `cluster/` and `password`. */
  dir: string;
  log: Logger;
  /** False makes it fast and unsafe, for tests: a crash of the machine would lose data. */
  durable?: boolean;
}

const STOP_MS = 10_000;
/** Somebody else may take the free port between its choice and its use. */
const START_ATTEMPTS = 3;

/** The private Postgres of a data directory: made at the first start, stopped with `stop()` or with its server. */
export class EmbeddedPostgres {
  /** Resolves with the last lines of the log when Postgres ends, asked for or not. */
  readonly exited: Promise<string>;

  private constructor(
    readonly url: string,
    private readonly clusterDir: string,
    private readonly process: GuardedPostgres,
  ) {
    this.exited = process.ended.then(() => process.log.join('\n'));
  }

  /**
   * Throws DatabaseInUse when another server runs on the same folder, else an error whose message says what is
   * wrong. A Postgres that a killed server left behind is shut down first.
   */
  static async start(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
    const { dir, log, durable = true } = options;
    const clusterDir = join(dir, 'cluster');
    const account = await postgresAccount(clusterDir);
    const { initdb, postgres } = await programsFor(account);
    if (!(await stat(clusterDir).catch(() => null))) {
      await setUpCluster({ dir, clusterDir, passwordFile: passwordFile(dir), account, initdb, durable });
    }
    const password = await readPassword(dir);
    await waitUntilFree(clusterDir, (port) => urlOf(port, password));

    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        const process = await launch({ clusterDir, account, postgres, port, durable, log });
        const started = new EmbeddedPostgres(urlOf(port, password), clusterDir, process);
        await started.#createDatabaseIfMissing();
        return started;
      } catch (error) {
        const portWasTaken = /could not bind|Address already in use/.test(String(error));
        if (!portWasTaken || attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  /** Idempotent. All that was committed is on disk when it resolves. */
  async stop(): Promise<void> {
    lifeline(this.process.guard).destroy();
    const stopped = await Promise.race([this.exited.then(() => true), sleep(STOP_MS, false, { ref: false })]);
    if (stopped) return;
    const postmaster = await runningPostmaster(this.clusterDir);
    if (postmaster) await stopPostmaster(postmaster);
  }

  async #createDatabaseIfMissing(): Promise<void> {
    const maintenance = new pg.Client({ connectionString: this.url.replace(/[^/]+$/, 'postgres') });
    try {
      await maintenance.connect();
      const found = await maintenance.query("select 1 from pg_database where datname = 'parley'");
      if (found.rows.length === 0) await maintenance.query('create database parley');
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      await maintenance.end();
    }
  }
}

/** The address of the Postgres that a running server has started in this folder; null when none runs. */
export async function runningEmbeddedUrl(dir: string): Promise<string | null> {
  const postmaster = await runningPostmaster(join(dir, 'cluster'));
  if (!postmaster?.ready) return null;
  return urlOf(postmaster.port, await readPassword(dir));
}

const passwordFile = (dir: string): string => join(dir, 'password');
const readPassword = async (dir: string): Promise<string> =>
  (await readFile(passwordFile(dir), 'utf8')).trim();
const urlOf = (port: number, password: string): string =>
  `postgres://parley:${password}@127.0.0.1:${port}/parley`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port on 127.0.0.1');
  return address.port;
}
