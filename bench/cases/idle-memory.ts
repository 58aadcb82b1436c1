import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Bench, type Row } from '../bench.js';
import { collectGarbage } from '../support/inspector.js';
import { load } from '../support/load.js';
import { type Parley, startParley } from '../support/parley.js';
import { residentBytes } from '../support/process-usage.js';

/** The first peers pay for code and pools that the others share. */
const WARM_UP_PEERS = 100;
const PEERS = 2000;
const PEERS_PER_MEETING = 10;
/** For what the last joins still have under way: broadcasts, webhooks, log lines. */
const SETTLE_MS = 2000;
const KB = 1000;

/** Memory of the server process for each peer that has joined and does nothing. */
export const idleMemory: Bench = {
  name: 'idle-memory',
  async run(log) {
    const rows: Row[] = [];
    for (const [how, limitKb] of [
      ['plain', 25],
      ['TLS', 60],
    ] as const) {
      const parley = await startParley({ NODE_OPTIONS: '--inspect=127.0.0.1:0' });
      try {
        const kilobytes = (await bytesPerPeer(parley, how === 'TLS')) / KB;
        log(`${how}: ${kilobytes.toFixed(1)} KB`);
        rows.push({
          what: `Memory per idle peer in the server process, ${how}, KB`,
          parley: kilobytes,
          target: atMost(limitKb, 'KB'),
        });
      } finally {
        await parley.stop();
      }
    }
    return rows;
  },
};

async function bytesPerPeer(parley: Parley, tls: boolean): Promise<number> {
  const measure = async () => {
    await sleep(SETTLE_MS);
    await collectGarbage(debuggerUrl(parley));
    return residentBytes(parley.pid);
  };
  const sockets = tls
    ? { socketUrl: `wss://localhost:${parley.httpsPort}/ws`, secureContext: parley.secureContext() }
    : {};
  let before = 0;
  let after = 0;
  await load(parley, {
    participants: WARM_UP_PEERS,
    meetings: WARM_UP_PEERS / PEERS_PER_MEETING,
    ...sockets,
    onJoined: async () => {
      before = await measure();
      await load(parley, {
        participants: PEERS,
        meetings: PEERS / PEERS_PER_MEETING,
        ...sockets,
        onJoined: async () => {
          after = await measure();
        },
      });
    },
  });
  return (after - before) / PEERS;
}

function debuggerUrl(parley: Parley): string {
  const line = parley.linesBefore.find((text) => text.startsWith('Debugger listening on '));
  if (line === undefined) throw new Error('The server did not say where its debugger listens.');
  return line.slice('Debugger listening on '.length);
}
