import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageConfig } from '../../../src/storage/config.js';
import { SecretBox } from '../../../src/storage/sealing.js';
import { commandIsBuilt } from '../../support/parley-command.js';
import { ACCOUNT_KEY, startAzureServer } from '../../support/storage/azure-server.js';
import { openGate } from '../../support/storage/gate.js';
import { s3ServerIsInstalled, startS3Server } from '../../support/storage/s3-server.js';
import { sftpServerIsInstalled, startSftpServer } from '../../support/storage/sftp-server.js';
import { LocalFiles, MIB } from './support.js';

const SCRIPT = fileURLToPath(new URL('../../support/storage/run-uploads.mjs', import.meta.url));
const NAME = 'meeting.mp4';

/** Resolves once the runner has told that these bytes are acknowledged. */
async function acknowledged(runner: ChildProcess, bytes: number): Promise<void> {
  for await (const line of createInterface({ input: runner.stdout! })) if (Number(line) >= bytes) return;
  throw new Error(`The runner ended before ${bytes} bytes`);
}

describe.skipIf(!commandIsBuilt)('kill -9 in the middle of an upload', () => {
  let files: LocalFiles;
  const running = new Set<ChildProcess>();

  beforeAll(async () => {
    files = await LocalFiles.create();
  });
  afterAll(async () => {
    for (const runner of running) runner.kill('SIGKILL');
    await files.remove();
  });

  function start(state: string): ChildProcess {
    const runner = spawn(process.execPath, [SCRIPT, state], { stdio: ['ignore', 'pipe', 'ignore'] });
    running.add(runner);
    runner.once('exit', () => running.delete(runner));
    return runner;
  }

  async function killThenResume(storage: StorageConfig, size: number) {
    const { path, bytes } = await files.make(storage.type, size);
    const key = randomBytes(32);
    const row = {
      id: 'one',
      storage: new SecretBox(key).sealStorage(storage),
      path,
      name: NAME,
      contentType: 'video/mp4',
      resume: null,
      failedAttempts: 0,
      retryUntil: new Date(Date.now() + 3_600_000),
    };
    const state = join(files.folder, `${storage.type}.json`);
    await writeFile(state, JSON.stringify({ key: key.toString('hex'), row }));

    const first = start(state);
    await acknowledged(first, 8 * MIB);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const killed = JSON.parse(await readFile(state, 'utf8')).row;
    expect(killed.outcome).toBeUndefined();
    expect(killed.sentBytes).toBeGreaterThanOrEqual(8 * MIB);
    for (const secret of ['testing', 'opensesame', ACCOUNT_KEY]) {
      expect(JSON.stringify(killed)).not.toContain(secret);
    }

    const second = start(state);
    const resumed: number[] = [];
    createInterface({ input: second.stdout! }).on('line', (line) => resumed.push(Number(line)));
    await once(second, 'exit');
    const { outcome } = JSON.parse(await readFile(state, 'utf8')).row;
    expect(outcome).toMatchObject({ kind: 'uploaded', bytes: bytes.length });
    expect(resumed[0]).toBe(Math.min(killed.sentBytes + 8 * MIB, bytes.length));
    return bytes;
  }

  it.skipIf(!s3ServerIsInstalled)(
    'to S3 goes on with the same multipart upload, a part at most sent twice',
    async () => {
      const server = await startS3Server();
      const gate = await openGate(server.port);
      await server.createBucket('recordings');
      const bytes = await killThenResume(server.config('recordings', gate.port), 44 * MIB);
      expect((await server.read('recordings', NAME)).bytes.equals(bytes)).toBe(true);
      expect([...new Set(gate.parts)].toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
      expect(gate.parts.length).toBeLessThanOrEqual(7);
      expect(await server.unfinished('recordings')).toEqual([]);
      await gate.close();
      await server.close();
    },
  );

  it.skipIf(!s3ServerIsInstalled)(
    'to Google Cloud Storage goes on with the same multipart upload',
    async () => {
      const server = await startS3Server();
      await server.createBucket('recordings');
      const { access_key, secret, bucket, endpoint } = server.config('recordings');
      const bytes = await killThenResume(
        { type: 'gcs', access_key, secret, bucket, endpoint: endpoint! },
        28 * MIB,
      );
      expect((await server.read('recordings', NAME)).bytes.equals(bytes)).toBe(true);
      expect(await server.unfinished('recordings')).toEqual([]);
      await server.close();
    },
  );

  it('to Azure goes on after the last acknowledged block', async () => {
    const server = await startAzureServer();
    await server.createContainer('recordings');
    const bytes = await killThenResume(server.config('recordings'), 28 * MIB);
    expect((await server.read('recordings', NAME)).bytes.equals(bytes)).toBe(true);
    await server.close();
  });

  it.skipIf(!sftpServerIsInstalled)('by SFTP goes on after the last acknowledged part', async () => {
    const server = await startSftpServer();
    const bytes = await killThenResume(server.withPassword(), 28 * MIB);
    expect((await readFile(join(server.files, NAME))).equals(bytes)).toBe(true);
    expect(existsSync(join(server.files, `${NAME}.part`))).toBe(false);
    await server.close();
  });
});
