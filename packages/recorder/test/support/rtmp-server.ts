import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NGINX = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

export const rtmpServerIsInstalled = existsSync(NGINX) && existsSync(MODULE);

export interface RtmpServer {
  /** Where to send a stream. */
  url(key: string): string;
  /** The streams that it has recorded, in the order of their names. */
  received(): Promise<string[]>;
  start(): Promise<void>;
  /** Cuts every connection. */
  stop(): Promise<void>;
  dispose(): Promise<void>;
}

/** nginx with its RTMP module, which writes down every stream that it is sent. */
export async function rtmpServer(): Promise<RtmpServer> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-rtmp-'));
  const port = await freePort();
  const config = join(folder, 'nginx.conf');
  await writeFile(
    config,
    `load_module ${MODULE};
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
     events {}
     rtmp { server { listen 127.0.0.1:${port}; application live {
       live on; record all; record_path ${folder}; record_unique on;
     } } }`,
  );
  let stop: () => Promise<void> = async () => {};
  return {
    url: (key) => `rtmp://127.0.0.1:${port}/live/${key}`,
    async received() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.flv')).sort();
      return names.map((name) => join(folder, name));
    },
    async start() {
      const nginx = spawn(NGINX, ['-c', config, '-p', folder], { stdio: 'ignore' });
      const closed = new Promise<void>((resolve) => nginx.once('close', () => resolve()));
      stop = async () => {
        nginx.kill('SIGTERM');
        await closed;
      };
    },
    stop: () => stop(),
    async dispose() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('No port');
  return address.port;
}
