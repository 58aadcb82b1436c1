import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandIsBuilt, parley, type StartedServer, startParley } from '../../support/parley-command.js';

const ACCOUNT = 'test-account';
const env = { PARLEY_ACCOUNT_ID: ACCOUNT };
let dataDir: string;
let server: StartedServer;

const run = (...args: string[]) => parley(['token', ...args], { dataDir, env });

/** The status that a token gets from a server. */
async function statusWith(token: string): Promise<number> {
  const answer = await fetch(`${server.httpUrl}/client/v4/accounts/${ACCOUNT}/realtime/kit/apps`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return answer.status;
}

describe.skipIf(!commandIsBuilt)('parley token', () => {
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-token-'));
    server = await startParley({ dataDir, env });
  });
  afterAll(async () => {
    server.process.kill('SIGTERM');
    await server.exitCode;
    await rm(dataDir, { recursive: true, force: true });
  });

  it('creates, lists and revokes beside a running server, at once', async () => {
    const created = await run('create', '--permission', 'Realtime Admin', '--name', 'ci');
    expect(created.code).toBe(0);
    expect(created.stdout).toMatch(/^parley_\S+\n$/);
    const token = created.stdout.trim();
    expect(await statusWith(token)).toBe(200);

    const listed = await run('list');
    const line = listed.stdout.split('\n').find((row) => row.endsWith('\tci'));
    expect(line).toMatch(/\tvalid\t.*\tRealtime Admin\ttest-account\tci$/);
    expect(listed.stdout).not.toContain(token);

    const id = line?.split('\t')[0] ?? '';
    expect(await run('revoke', id)).toMatchObject({ code: 0, stdout: `Token ${id} is revoked\n` });
    expect(await statusWith(token)).toBe(401);
    expect(await run('revoke', id)).toMatchObject({ code: 2, stderr: `There is no valid token ${id}\n` });
    expect((await run('list')).stdout).toContain('revoked ');
  });

  it('works on a stopped server, whose next start knows the token', async () => {
    server.process.kill('SIGTERM');
    await server.exitCode;
    const created = await run('create', '--permission', 'Realtime');
    expect(created.code).toBe(0);
    expect(await readdir(join(dataDir, 'postgres/cluster'))).not.toContain('postmaster.pid');
    server = await startParley({ dataDir, env });
    expect(await statusWith(created.stdout.trim())).toBe(200);
  });

  it.each([
    [['create'], '--permission must be one of "Realtime", "Realtime Admin"'],
    [['create', '--permission', 'Admin'], '--permission must be one of "Realtime", "Realtime Admin"'],
    [['create', '--permission', 'Realtime', '--account', 'other'], 'There is no account other'],
    [['creat'], 'Unknown command "token creat"; did you mean "create"?'],
    [['revoke'], 'Usage: parley token revoke <id>'],
    [['revoke', 'no-such-id'], 'There is no valid token no-such-id'],
    [['list', '--data', 'x'], 'Unknown flag --data; did you mean --data-dir?'],
  ])('answers %j with one line and code 2', async (args, line) => {
    expect(await run(...args)).toEqual({ code: 2, stdout: '', stderr: `${line}\n` });
  });

  it('says on an empty data directory that the server was never started', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'parley-token-'));
    const { code, stderr } = await parley(['token', 'create', '--permission', 'Realtime'], {
      dataDir: empty,
    });
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'There is no account yet; start the server once\n' });
    await rm(empty, { recursive: true, force: true });
  });
});
