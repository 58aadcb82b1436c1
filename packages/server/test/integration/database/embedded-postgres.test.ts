import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedPostgres, runningEmbeddedUrl } from '../../../src/database/embedded/postgres.js';
import { isAlive } from '../../../src/database/embedded/postmaster.js';
import { DatabaseInUse, OwnerLock } from '../../../src/database/owner-lock.js';

const log = pino({ level: 'silent' });
const isRoot = process.getuid?.() === 0;
let closedFolder: string;
let dir: string;
let running: EmbeddedPostgres[];

/** The folder lies in one that nobody else may enter, as a checkout below `/root` does. */
beforeEach(async () => {
  closedFolder = await mkdtemp(join(tmpdir(), 'parley-closed-'));
  await chmod(closedFolder, 0o700);
  dir = join(closedFolder, 'data', 'postgres');
  await mkdir(join(closedFolder, 'data'));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((postgres) => postgres.stop()));
  await rm(closedFolder, { recursive: true, force: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const postgres = await EmbeddedPostgres.start({ dir, log });
  running.push(postgres);
  return postgres;
}

async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const pidFile = () => join(dir, 'cluster', 'postmaster.pid');
const postmasterPid = async () => Number((await readFile(pidFile(), 'utf8')).split('\n')[0]);

/** The shell that waits beside Postgres. */
async function guardOf(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return Number(fields[1]);
}

describe('the embedded Postgres', () => {
  it('starts in a folder that others cannot enter, as another account when the server is root', async () => {
    const { url } = await start();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const owner = (await stat(join(dir, 'cluster'))).uid;
    if (isRoot) expect(owner).not.toBe(0);
    else expect(owner).toBe(process.getuid?.());
  });

  it('asks for its password, which only its account can read', async () => {
    const { url } = await start();
    await expect(query(url.replace(/:\w+@/, ':wrong@'), 'select 1')).rejects.toThrow(
      /password authentication/,
    );
    expect((await stat(join(dir, 'password'))).mode & 0o777).toBe(0o600);
  });

  it('keeps its data, and starts again without setting up anew', async () => {
    const first = await start();
    await query(first.url, 'create table kept (x int); insert into kept values (7)');
    await first.stop();
    await first.stop();
    expect(await runningEmbeddedUrl(dir)).toBeNull();

    const madeAtMs = async () => (await stat(join(dir, 'cluster', 'PG_VERSION'))).mtimeMs;
    const before = await madeAtMs();
    const second = await start();
    expect(await madeAtMs()).toBe(before);
    expect(await query(second.url, 'select x from kept')).toEqual([{ x: 7 }]);
    expect(await runningEmbeddedUrl(dir)).toBe(second.url);
  });

  it('says when Postgres dies, and recovers what was committed', async () => {
    const first = await start();
    await query(first.url, 'create table kept (x int); insert into kept values (7)');
    process.kill(await postmasterPid(), 'SIGKILL');
    await first.exited;
    expect(await query((await start()).url, 'select x from kept')).toEqual([{ x: 7 }]);
  });

  it('shuts down one that was left behind, and starts anew', async () => {
    const first = await start();
    await query(first.url, 'create table kept (x int); insert into kept values (7)');
    const leftBehind = await postmasterPid();
    process.kill(await guardOf(leftBehind), 'SIGKILL');

    const second = await start();
    expect(await isAlive(leftBehind)).toBe(false);
    expect(await query(second.url, 'select x from kept')).toEqual([{ x: 7 }]);
  });

  it('leaves one alone that a living server owns', async () => {
    const first = await start();
    const lock = await OwnerLock.take(first.url, () => undefined);
    const refusal = await EmbeddedPostgres.start({ dir, log }).catch((error) => error);
    expect(refusal).toBeInstanceOf(DatabaseInUse);
    expect(refusal.message).toBe(
      `Another Parley server is running on the data in ${dir}/cluster; stop it first`,
    );
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await lock.release();
  });

  it("is not confused by a file that names a stranger's process", async () => {
    await (await start()).stop();
    await writeFile(pidFile(), `${process.pid}\n${dir}\n0\n5432\n\n127.0.0.1\n0\nready\n`);
    expect(await runningEmbeddedUrl(dir)).toBeNull();
    await writeFile(pidFile(), `${process.pid}\n`);
    expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('begins again after a first start that was cut off', async () => {
    await mkdir(join(dir, 'cluster.new', 'base'), { recursive: true });
    await writeFile(join(dir, 'cluster.new', 'PG_VERSION'), '18\n');
    expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(dir)).sort()).toEqual(['cluster', 'password']);
  });

  it('leaves no process behind when it stops', async () => {
    const postgres = await start();
    const pid = await postmasterPid();
    const guard = await guardOf(pid);
    await postgres.stop();
    expect(await Promise.all([pid, guard].map(isAlive))).toEqual([false, false]);
  });
});
