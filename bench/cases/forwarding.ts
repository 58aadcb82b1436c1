import { setTimeout as sleep } from 'node:timers/promises';
import { atMostTimes, type Bench, type Row } from '../bench.js';
import { missingJanus, startJanus } from '../forwarding/janus.js';
import { startParleyWorker } from '../forwarding/parley-worker.js';
import type { Sfu } from '../forwarding/sfu.js';
import { startStream } from '../forwarding/stream.js';
import { startUdpRelay } from '../forwarding/udp-relay.js';
import { hasCommand } from '../support/command.js';
import { cpuSeconds } from '../support/process-usage.js';
import { inTurn } from '../support/rounds.js';

const RECEIVERS = 40;
const RECEIVERS_AT_ONCE = 5;
const ROUNDS = 3;
const WARM_UP_MS = 3_000;
const WINDOW_MS = 8_000;
/** Packets that may be missing in a window before its figure means nothing. */
const LOSS_LIMIT = 0.05;
const MICROSECONDS = 1_000_000;

/** CPU time for each packet that reaches a receiver, with one sender and 40 receivers of its sound and picture. */
export const forwarding: Bench = {
  name: 'forwarding',
  missing: () => (hasCommand('cc') ? undefined : 'there is no C compiler for the bare relay'),
  async run(log) {
    const against = async (name: string, start: () => Promise<Sfu>): Promise<Row> => {
      log(`against ${name}:`);
      const figures = await inTurn(ROUNDS, log, {
        parley: () => microsecondsPerPacket(startParleyWorker),
        baseline: () => microsecondsPerPacket(start),
      });
      return {
        what: `CPU time per forwarded packet, 1 sender and ${RECEIVERS} receivers, microseconds`,
        parley: figures.parley,
        baseline: { name, value: figures.baseline, ratio: figures.ratio },
      };
    };
    const rows = [await against('bare UDP relay in C, no encryption', startUdpRelay)];
    const missing = missingJanus();
    if (missing === undefined) {
      const row = await against('Janus videoroom', startJanus);
      rows.push({ ...row, target: atMostTimes(0.5) });
    } else {
      log(`Janus is left out: ${missing}`);
    }
    return rows;
  },
};

async function microsecondsPerPacket(start: () => Promise<Sfu>): Promise<number> {
  const sfu = await start();
  let stopStream = () => {};
  try {
    const publisher = await sfu.publish();
    let received = 0;
    let sent = 0;
    const count = () => {
      received += 1;
    };
    stopStream = startStream({
      ...publisher,
      send: (packet) => {
        sent += 1;
        publisher.send(packet);
      },
    });
    for (let connected = 0; connected < RECEIVERS; connected += RECEIVERS_AT_ONCE) {
      await Promise.all(Array.from({ length: RECEIVERS_AT_ONCE }, () => sfu.subscribe(count)));
    }
    await sleep(WARM_UP_MS);

    const before = { seconds: cpuSeconds(sfu.pid), received, sent };
    await sleep(WINDOW_MS);
    const seconds = cpuSeconds(sfu.pid) - before.seconds;
    const packets = received - before.received;
    const expected = (sent - before.sent) * RECEIVERS;
    if (packets < expected * (1 - LOSS_LIMIT)) {
      throw new Error(
        `Only ${packets} of ${expected} packets arrived, so the machine is too busy to measure.`,
      );
    }
    return (seconds * MICROSECONDS) / packets;
  } finally {
    stopStream();
    await sfu.stop();
  }
}
