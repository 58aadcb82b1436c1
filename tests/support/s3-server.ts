import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';

const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(
  new URL('../../packages/server/test/support/storage/s3-server.py', import.meta.url),
);

/** False when Debian's python3-swift is not installed. */
export const s3ServerIsInstalled =
  spawnSync(PYTHON, ['-c', 'import swift'], { stdio: 'ignore' }).status === 0;

export interface S3Server {
  port: number;
  close(): Promise<void>;
}

/** OpenStack Swift with its S3 API, which takes requests signed by `test:tester` with the secret `testing`. */
export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-s3-'));
  const port = await freePort();
  const args = ['-W', 'ignore', SCRIPT, folder, String(port)];
  const child = spawn(PYTHON, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  return {
    port,
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
