import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const READY_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 15_000;
const MAX_LOG_LINES = 20_000;
/** Where to keep what the servers of a test run print, for whoever looks for the cause of a failure. */
const LOG_FILE = process.env.PARLEY_TEST_LOG_FILE;

/** True when `npm run build` was run; the tests of the built server are skipped otherwise. */
export const serverIsBuilt = existsSync(MAIN);

export interface ParleyOptions {
  /** More settings, or other values for those that the harness sets. */
  env?: Record<string, string>;
  /** Host and port that clients are told to use; the server's own TLS port by default. */
  baseDomain?: string;
}

/** A built server in a process of its own, with its own data folder and ports. */
export interface ParleyProcess {
  /** `http://localhost:<port>`: management API and, on the same port, everything by path. */
  httpUrl: string;
  httpsPort: number;
  /** What clients give to the SDK as `baseURI`. */
  baseDomain: string;
  apiToken: string;
  accountId: string;
  dataDir: string;
  /** Process ids of the running media workers. */
  mediaWorkerPids(): number[];
  /** Everything that the process has printed, newest last. */
  log(): string;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
  /** `kill -9`, as a crash would end it. */
  kill(): Promise<void>;
  /** Starts again over the same data folder and ports, after `stop` or `kill`. */
  start(): Promise<void>;
  /** Ends the process and removes the data folder. */
  dispose(): Promise<void>;
}

/** Starts the built server and waits until `/readyz` answers 200. */
export async function startParley(options: ParleyOptions = {}): Promise<ParleyProcess> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-test-'));
  const httpPort = await freePort();
  const httpsPort = await freePort();
  const baseDomain = options.baseDomain ?? `localhost:${httpsPort}`;
  const apiToken = `test-${randomBytes(24).toString('hex')}`;
  const accountId = randomUUID().replaceAll('-', '');
  const lines: string[] = [];
  let child: ChildProcess | undefined;

  const httpUrl = `http://localhost:${httpPort}`;

  const start = async () => {
    const started = spawn(process.execPath, [MAIN, 'start'], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PARLEY_HTTP_PORT: String(httpPort),
        PARLEY_HTTPS_PORT: String(httpsPort),
        PARLEY_HOST: '127.0.0.1',
        PARLEY_BASE_DOMAIN: baseDomain,
        PARLEY_DATA_DIR: dataDir,
        PARLEY_API_TOKEN: apiToken,
        PARLEY_ACCOUNT_ID: accountId,
        PARLEY_MEDIA_WORKERS: '1',
        // A test has no use for more browsers, and its neighbours need the processor.
        PARLEY_RECORDERS_READY: '1',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (LOG_FILE) appendFileSync(LOG_FILE, text);
        lines.push(...text.split('\n').filter(Boolean));
        if (lines.length > MAX_LOG_LINES) lines.splice(0, lines.length - MAX_LOG_LINES);
      });
    }
    try {
      await until('the server is ready', () => isReady(httpUrl, started), READY_TIMEOUT_MS);
    } catch (error) {
      started.kill('SIGKILL');
      throw new Error(`${(error as Error).message}\n${lines.slice(-60).join('\n')}`);
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    const running = child;
    child = undefined;
    if (!running || hasEnded(running)) return running?.exitCode ?? null;
    const exited = once(running, 'exit');
    running.kill(signal);
    const hardKill = setTimeout(() => running.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const [code] = await exited;
    clearTimeout(hardKill);
    return code;
  };

  const parley: ParleyProcess = {
    httpUrl,
    httpsPort,
    baseDomain,
    apiToken,
    accountId,
    dataDir,
    mediaWorkerPids: () => (child?.pid ? childrenOf(child.pid).filter(isMediaWorker) : []),
    log: () => lines.join('\n'),
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    start,
    dispose: async () => {
      await end('SIGTERM');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  try {
    await start();
  } catch (error) {
    await parley.dispose();
    throw error;
  }
  return parley;
}

async function isReady(httpUrl: string, child: ChildProcess): Promise<boolean> {
  if (hasEnded(child))
    throw new Error(`The server ended by itself with ${child.exitCode ?? child.signalCode}`);
  try {
    return (await fetch(`${httpUrl}/readyz`)).status === 200;
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function isMediaWorker(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('media/dist/worker.js');
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
