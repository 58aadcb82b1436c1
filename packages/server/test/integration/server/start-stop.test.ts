import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from '../../../src/database/embedded/postmaster.js';
import { startDatabase } from '../../support/database.js';
import { freePort } from '../../support/free-port.js';
import {
  commandIsBuilt,
  parley,
  type StartedServer,
  spawnParley,
  startParley,
} from '../../support/parley-command.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
let dataDir: string;
let servers: StartedServer[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'parley-server-'));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) {
    server.process.kill('SIGTERM');
    await server.exitCode;
  }
  await untilPostgresIsGone();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startParley>[0] = { dataDir }): Promise<StartedServer> {
  const server = await startParley(options);
  servers.push(server);
  return server;
}

const postmasterPid = async () =>
  Number(
    (await readFile(join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0],
  );

/** The guard beside Postgres shuts it down when the server is gone. */
async function untilPostgresIsGone(): Promise<void> {
  const pid = await postmasterPid();
  if (pid > 0) await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false);
}

const get = async (server: StartedServer, path: string) => {
  const answer = await fetch(`${server.httpUrl}${path}`);
  return { status: answer.status, body: await answer.text() };
};

/** By TLS under a name of the SDK, trusting the local authority alone. */
async function getByName(server: StartedServer, name: string, path: string) {
  const ca = await readFile(join(dataDir, 'tls/ca.pem'));
  return new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: `${name}:${server.httpsPort}` };
    const options = { host: '127.0.0.1', port: server.httpsPort, servername: name, path, ca, headers };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe.skipIf(!commandIsBuilt)('parley start', () => {
  it('is ready on both ports, by path and by the names of the SDK (S20)', async () => {
    const server = await start();
    expect(await get(server, '/healthz')).toMatchObject({ status: 200 });
    const ready = await get(server, '/readyz');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.body).parts).toEqual({
      database: true,
      mediaWorkers: true,
      listeners: true,
      accepting: true,
    });
    const metrics = (await get(server, '/metrics')).body;
    expect(metrics).toContain('parley_media_worker_ready{worker="0"} 1');
    expect(metrics).toContain('parley_live_sessions 0');
    expect(JSON.parse((await get(server, '/.well-known/webhooks.json')).body)).toMatchObject({
      success: true,
      data: { publicKey: expect.stringContaining('BEGIN PUBLIC KEY') },
      message: '',
    });
    expect(await get(server, '/nothing')).toMatchObject({ status: 404 });
    expect(await getByName(server, 'localhost', '/readyz')).toBe(200);
    expect(await getByName(server, 'api.localhost', '/.well-known/webhooks.json')).toBe(200);
    expect(await getByName(server, 'api.localhost', '/v2/internals/participant-details')).toBe(401);
  });

  it('prints links, ids and a token once, and finds them again at the next start', async () => {
    const first = await start();
    const { stdout } = first.output;
    const accountId = /Account id +(\S+)/.exec(stdout)?.[1];
    const token = /API token +(parley_\S+)/.exec(stdout)?.[1];
    expect(stdout.match(/https:\/\/localhost:\d+\/meet\?authToken=eyJ/g)).toHaveLength(2);
    expect(stdout).toContain('PARLEY_WEBHOOK_ALLOW_PRIVATE=1');
    const apps = await fetch(`${first.httpUrl}/client/v4/accounts/${accountId}/realtime/kit/apps`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const appId = /App id +(\S+)/.exec(stdout)?.[1];
    expect(await apps.json()).toMatchObject({ success: true, data: [{ id: appId }] });
    first.process.kill('SIGTERM');
    expect(await first.exitCode).toBe(0);

    const second = await start();
    expect(second.output.stdout).toContain(accountId);
    expect(second.output.stdout).toContain(appId);
    expect(second.output.stdout).not.toContain('parley_');
    expect(second.output.stdout.match(/authToken=eyJ/g)).toHaveLength(4);
  });

  it('takes fixed account and token at the first start and later', async () => {
    const env = { PARLEY_ACCOUNT_ID: 'automation', PARLEY_API_TOKEN: 'a-fixed-token' };
    const list = async (server: StartedServer) =>
      (
        await fetch(`${server.httpUrl}/client/v4/accounts/automation/realtime/kit/apps`, {
          headers: { authorization: 'Bearer a-fixed-token' },
        })
      ).status;
    const first = await start({ dataDir, env });
    expect(await list(first)).toBe(200);
    expect(first.output.stdout).not.toContain('a-fixed-token');
    first.process.kill('SIGTERM');
    await first.exitCode;
    expect(await list(await start({ dataDir, env }))).toBe(200);
  });

  it('refuses a second server on the same data, and the first goes on', async () => {
    const first = await start();
    const refused = await start({ dataDir }).catch((error: Error) => error.message);
    expect(refused).toMatch(/^Another Parley server is running on the data in .*; stop it first\n$/);
    expect((await get(first, '/readyz')).status).toBe(200);
  });

  it('uses the Postgres of DATABASE_URL, one server at a time', async () => {
    const database = await startDatabase();
    const env = { DATABASE_URL: database.url };
    const first = await start({ dataDir, env });
    expect((await get(first, '/readyz')).status).toBe(200);
    expect((await readdir(dataDir)).toSorted()).toEqual([
      'files',
      'livestreams',
      'recordings',
      'storage.key',
      'tls',
    ]);
    const refused = await start({ dataDir, env }).catch((error: Error) => error.message);
    expect(refused).toMatch(
      /^Another Parley server is running on the database test_\w+ at .*; stop it first\n$/,
    );
    first.process.kill('SIGTERM');
    expect(await first.exitCode).toBe(0);
    await database.close();
  });

  it('says in one line that a port is taken, and leaves nothing behind', async () => {
    const first = await start();
    const port = new URL(first.httpUrl).port;
    const otherDir = await mkdtemp(join(tmpdir(), 'parley-server-'));
    try {
      const refused = await parley(['start', '--http-port', port], { dataDir: otherDir });
      expect(refused).toEqual({
        code: 1,
        stdout: '',
        stderr: `PARLEY_HTTP_PORT: port ${port} of 127.0.0.1 is in use by another program\n`,
      });
      expect(await readdir(join(otherDir, 'postgres/cluster'))).not.toContain('postmaster.pid');
    } finally {
      await rm(otherDir, { recursive: true, force: true });
    }
  });

  it('stops with one line and code 2 on a bad setting', async () => {
    expect(await parley(['start', '--http-port', 'x'], { dataDir })).toEqual({
      code: 2,
      stdout: '',
      stderr: '--http-port: "x" is not a whole number from 1 to 65535\n',
    });
  });

  it('says in one line that the database of DATABASE_URL cannot be reached', async () => {
    const port = await freePort();
    const env = { DATABASE_URL: `postgres://me:hunter2@localhost:${port}/x` };
    const { code, stderr } = await parley(['start'], { dataDir, env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^DATABASE_URL: the database cannot be used: connect ECONNREFUSED \S+:\d+\n$/);
  });

  it('ends within ten seconds of SIGTERM, also while it waits for a database that says nothing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const asked = once(silent, 'connection');
    const { port } = silent.address() as AddressInfo;
    const env = { DATABASE_URL: `postgres://me@127.0.0.1:${port}/x` };
    const command = spawnParley(['start'], { dataDir, env });
    await asked;
    command.process.kill('SIGTERM');
    const started = performance.now();
    await command.exitCode;
    expect(performance.now() - started).toBeLessThan(10_000);
    silent.close();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains and ends with 0 on %s, with an idle connection open',
    async (signal) => {
      const server = await start();
      const idle = connect(Number(new URL(server.httpUrl).port), '127.0.0.1').on('error', () => undefined);
      const pid = await postmasterPid();
      const started = performance.now();
      server.process.kill(signal);
      expect(await server.exitCode).toBe(0);
      expect(performance.now() - started).toBeLessThan(10_000);
      expect(await isAlive(pid)).toBe(false);
      idle.destroy();
    },
  );

  it('starts again at once after kill -9, with everything that was there', async () => {
    const first = await start();
    const accountId = /Account id +(\S+)/.exec(first.output.stdout)?.[1];
    first.process.kill('SIGKILL');
    await first.exitCode;
    const second = await start();
    expect(second.output.stdout).toContain(accountId);
    expect((await get(second, '/readyz')).status).toBe(200);
  });

  it('ends with an error when its Postgres dies', async () => {
    const server = await start();
    process.kill(await postmasterPid(), 'SIGKILL');
    expect(await server.exitCode).toBe(1);
    expect(server.output.stderr).toContain('The embedded Postgres ended');
  });

  it.skipIf(!isRoot)('also starts as an ordinary user, in a folder that nobody else can enter', async () => {
    await chmod(dataDir, 0o700);
    await chown(dataDir, NOBODY.uid, NOBODY.gid);
    const server = await start({ dataDir, account: NOBODY });
    expect((await get(server, '/readyz')).status).toBe(200);
    const owner = execFileSync('stat', ['-c', '%u', join(dataDir, 'postgres/cluster')], { encoding: 'utf8' });
    expect(owner.trim()).toBe(String(NOBODY.uid));
  });
});
