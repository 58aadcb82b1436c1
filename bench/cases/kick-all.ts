import { once } from 'node:events';
import { allOf, atMost, atMostTimes, type Bench } from '../bench.js';
import { openSockets } from '../support/bare-clients.js';
import { startBaseline } from '../support/baseline.js';
import { load } from '../support/load.js';
import { startParley } from '../support/parley.js';
import { inTurn } from '../support/rounds.js';

const PEERS = 1000;
const ROUNDS = 5;
const WIDTH = 32;

/** From the API call to the last of 1,000 peers, against a bare server that sends one frame to 1,000 sockets. */
export const kickAll: Bench = {
  name: 'kick-all',
  async run(log) {
    const parley = await startParley();
    const bare = await startBaseline('bare-sockets');
    try {
      const figures = await inTurn(ROUNDS, log, {
        parley: async () =>
          (await load(parley, { participants: PEERS, meetings: 1, concurrency: WIDTH })).kickAllMs,
        baseline: () => bareFanOutMs(bare.port),
      });
      return [
        {
          what: `Kick-all by the API to the last of ${PEERS} peers, ms`,
          parley: figures.parley,
          baseline: {
            name: `bare \`ws\`, one frame to ${PEERS} sockets`,
            value: figures.baseline,
            ratio: figures.ratio,
          },
          target: allOf(atMostTimes(3), atMost(150, 'ms')),
        },
      ];
    } finally {
      await Promise.all([parley.stop(), bare.stop()]);
    }
  },
};

async function bareFanOutMs(port: number): Promise<number> {
  const sockets = await openSockets(port, PEERS, WIDTH);
  const told = sockets.map((socket) => once(socket, 'message'));
  const startedMs = performance.now();
  await Promise.all([fetch(`http://127.0.0.1:${port}/`, { method: 'POST' }), ...told]);
  const durationMs = performance.now() - startedMs;
  for (const socket of sockets) socket.terminate();
  return durationMs;
}
