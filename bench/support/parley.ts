import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from './child.js';
import { freePort } from './free-port.js';

const MAIN = fileURLToPath(new URL('../../../packages/server/dist/main.js', import.meta.url));

/** The built server in a process of its own, over a new data folder. */
export interface Parley extends Child {
  apiUrl: string;
  httpPort: number;
  httpsPort: number;
  accountId: string;
  apiToken: string;
  dataDir: string;
  /** A call of the management API below the account, such as `/apps`; gives the `data` of the answer. */
  call<Data>(method: string, path: string, body?: object): Promise<Data>;
  /** Of the app that the first start makes. */
  appId: string;
  /** Trusts the local certificate authority. */
  secureContext(): SecureContext;
  /** The server's own database. */
  databaseUrl(): string;
}

/** `env` adds settings to those of the bench. */
export async function startParley(env: Record<string, string> = {}): Promise<Parley> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const accountId = randomBytes(16).toString('hex');
  const apiToken = randomBytes(24).toString('hex');
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  try {
    const child = await startChild({
      command: process.execPath,
      args: [MAIN, 'start'],
      env: {
        PARLEY_HTTP_PORT: String(httpPort),
        PARLEY_HTTPS_PORT: String(httpsPort),
        PARLEY_DATA_DIR: dataDir,
        PARLEY_ACCOUNT_ID: accountId,
        PARLEY_API_TOKEN: apiToken,
        PARLEY_MEDIA_WORKERS: '1',
        PARLEY_WEBHOOK_ALLOW_PRIVATE: '1',
        PARLEY_LOG_LEVEL: 'warn',
        ...env,
      },
      readyLine: /Parley is ready/,
    });
    const apiUrl = `http://127.0.0.1:${httpPort}/client/v4`;
    const call = async <Data>(method: string, path: string, body?: object): Promise<Data> => {
      const response = await fetch(`${apiUrl}/accounts/${accountId}/realtime/kit${path}`, {
        method,
        headers: { authorization: `Bearer ${apiToken}`, ...(body && { 'content-type': 'application/json' }) },
        body: body && JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      return ((await response.json()) as { data: Data }).data;
    };
    const [app] = await call<{ id: string }[]>('GET', '/apps');
    return {
      ...child,
      call,
      appId: app!.id,
      apiUrl,
      httpPort,
      httpsPort,
      accountId,
      apiToken,
      dataDir,
      secureContext: () => createSecureContext({ ca: readFileSync(join(dataDir, 'tls', 'ca.pem')) }),
      databaseUrl: () => embeddedDatabaseUrl(join(dataDir, 'postgres')),
      stop: async () => {
        await child.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Postgres writes its port into the fourth line of its lock file. */
function embeddedDatabaseUrl(dir: string): string {
  const port = readFileSync(join(dir, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[3];
  const password = readFileSync(join(dir, 'password'), 'utf8').trim();
  return `postgres://parley:${password}@127.0.0.1:${port}/parley`;
}
