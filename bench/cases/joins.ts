import { once } from 'node:events';
import type { Bench } from '../bench.js';
import { openSockets } from '../support/bare-clients.js';
import { startBaseline } from '../support/baseline.js';
import { load } from '../support/load.js';
import { startParley } from '../support/parley.js';
import { inTurn } from '../support/rounds.js';

const PEERS = 500;
const MEETINGS = 25;
const ROUNDS = 5;
const WIDTH = 32;
/** Requests that a client makes during init() and join(), and for which it waits. */
const REQUESTS_PER_JOIN = 6;
const REQUEST_BYTES = 100;

/** Joins per second, against a bare server that opens as many sockets and sends back as many frames. */
export const joins: Bench = {
  name: 'joins',
  async run(log) {
    const parley = await startParley();
    const bare = await startBaseline('bare-sockets');
    try {
      const figures = await inTurn(ROUNDS, log, {
        parley: async () => {
          const options = { participants: PEERS, meetings: MEETINGS, concurrency: WIDTH };
          return (await load(parley, options)).joinsPerSecond;
        },
        baseline: () => bareJoinsPerSecond(bare.port),
      });
      return [
        {
          what: `Joins per second, ${PEERS} peers into ${MEETINGS} meetings`,
          parley: figures.parley,
          baseline: {
            name: `bare \`ws\`, connection and ${REQUESTS_PER_JOIN} echoed frames`,
            value: figures.baseline,
            ratio: figures.ratio,
          },
        },
      ];
    } finally {
      await Promise.all([parley.stop(), bare.stop()]);
    }
  },
};

async function bareJoinsPerSecond(port: number): Promise<number> {
  const request = Buffer.alloc(REQUEST_BYTES);
  const startedMs = performance.now();
  const sockets = await openSockets(port, PEERS, WIDTH, async (socket) => {
    for (let n = 0; n < REQUESTS_PER_JOIN; n++) {
      socket.send(request);
      await once(socket, 'message');
    }
  });
  const seconds = (performance.now() - startedMs) / 1000;
  for (const socket of sockets) socket.terminate();
  return PEERS / seconds;
}
