import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bench } from '../bench.js';
import { startBaseline } from '../support/baseline.js';
import { load } from '../support/load.js';
import { startParley } from '../support/parley.js';
import { inTurn } from '../support/rounds.js';
import { until } from '../support/until.js';

const MEETINGS = 64;
const PEERS = 1024;
/** A joined and a left event for each peer, a started and an ended one for each session. */
const EVENTS_AT_START = PEERS + MEETINGS;
const EVENTS_AT_END = PEERS + MEETINGS;
/** Parley's own bound for one webhook. */
const WIDTH = 16;
const ROUNDS = 3;

/**
 * Webhook deliveries per second when many sessions end at once, against a sender that posts as many bodies. Parley's
 * are signed, in order for each session, and survive a crash before and after they are sent.
 */
export const webhooks: Bench = {
  name: 'webhooks',
  async run(log) {
    const receiver = await Receiver.start();
    const parley = await startParley();
    const bare = await startBaseline('bare-sender', String(EVENTS_AT_END), String(WIDTH), receiver.url);
    try {
      await parley.call('POST', `/${parley.appId}/webhooks`, {
        name: 'Bench',
        url: receiver.url,
        events: ['meeting.started', 'meeting.ended', 'meeting.participantJoined', 'meeting.participantLeft'],
      });
      const figures = await inTurn(ROUNDS, log, {
        parley: async () => {
          receiver.reset();
          await load(parley, {
            participants: PEERS,
            meetings: MEETINGS,
            onJoined: async () => {
              await until('all joins were delivered', () => receiver.count >= EVENTS_AT_START);
              receiver.reset();
            },
          });
          await until('all ends were delivered', () => receiver.count >= EVENTS_AT_END);
          return receiver.perSecond();
        },
        baseline: async () => {
          receiver.reset();
          await fetch(`http://127.0.0.1:${bare.port}/`, { method: 'POST' });
          return receiver.perSecond();
        },
      });
      return [
        {
          what: `Webhook deliveries per second, ${MEETINGS} sessions ending at once`,
          parley: figures.parley,
          baseline: {
            name: `bare sender, ${WIDTH} connections, no signature, no database`,
            value: figures.baseline,
            ratio: figures.ratio,
          },
        },
      ];
    } finally {
      await Promise.all([parley.stop(), bare.stop()]);
      receiver.stop();
    }
  },
};

/** Answers every delivery with 200 and notes when the first and the last of them came. Repetitions do not count. */
class Receiver {
  count = 0;
  private readonly seen = new Set<string>();
  private firstMs = 0;
  private lastMs = 0;

  private constructor(private readonly server = createServer()) {
    server.on('request', (request, response) => {
      const delivery = String(request.headers['rtk-uuid']);
      request.resume().on('end', () => {
        response.end();
        if (this.seen.has(delivery)) return;
        this.seen.add(delivery);
        this.lastMs = performance.now();
        if (this.count === 0) this.firstMs = this.lastMs;
        this.count += 1;
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  reset(): void {
    this.count = 0;
  }

  perSecond(): number {
    return ((this.count - 1) * 1000) / (this.lastMs - this.firstMs);
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
