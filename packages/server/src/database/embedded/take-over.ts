import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DatabaseInUse, isOwned } from '../owner-lock.js';
import { runningPostmaster, stopPostmaster } from './postmaster.js';

/** A server that has just started its Postgres takes the owner's lock well within this time. */
const OWNER_GRACE_MS = 1500;
/** A Postgres that starts, recovers or stops is waited for that long. */
const SETTLE_MS = 30_000;
const POLL_MS = 50;

/**
 * Returns when no Postgres runs on the cluster. One that a living server owns is left alone: throws
 * DatabaseInUse. One without an owner was left behind by a killed server and is shut down.
 */
export async function waitUntilFree(clusterDir: string, urlOf: (port: number) => string): Promise<void> {
  const settled = Date.now() + SETTLE_MS;
  let ownerlessSince: number | null = null;
  for (;;) {
    const postmaster = await runningPostmaster(clusterDir);
    if (!postmaster) return;
    const state = await stateOf(urlOf(postmaster.port));
    if (state === 'owned') throw new DatabaseInUse(`the data in ${clusterDir}`);
    if (state === 'ownerless') ownerlessSince ??= Date.now();
    const abandoned = ownerlessSince !== null && Date.now() - ownerlessSince > OWNER_GRACE_MS;
    if (abandoned || Date.now() > settled) return stopPostmaster(postmaster);
    await sleep(POLL_MS);
  }
}

async function stateOf(url: string): Promise<'owned' | 'ownerless' | 'unreachable'> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await isOwned(client)) ? 'owned' : 'ownerless';
  } catch {
    return 'unreachable';
  } finally {
    await client.end().catch(() => undefined);
  }
}
