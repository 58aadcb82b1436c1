import { setTimeout as pause } from 'node:timers/promises';
import { HeadlessPeer } from '@parley/headless';
import { ChatEvent, encodeFrame, RoomEvent, room, toServer } from '@parley/wire';
import type { Bench } from '../bench.js';
import { openSockets } from '../support/bare-clients.js';
import { startBaseline } from '../support/baseline.js';
import { Deliveries } from '../support/deliveries.js';
import { type Parley, startParley } from '../support/parley.js';
import { cpuSeconds, residentBytes } from '../support/process-usage.js';
import { median } from '../support/stats.js';

const PEERS = 1000;
const WIDTH = 32;
const ROUNDS = 3;
const SECONDS = 8;
const CHATS_PER_SECOND = 50;
const REACTIONS_PER_SECOND = 100;
const TICK_MS = 20;
const MIB = 1024 ** 2;

/** What one round found out; times in milliseconds. */
interface Round {
  cpuMicrosecondsPerDelivery: number;
  latencyP99Ms: number;
}

/** How a session's participants talk: the sending of one message by one of them. */
interface Talk {
  chat(sender: number, text: string): void;
  react(sender: number, text: string): void;
}

/**
 * One session of 1,000 participants who chat and react, 150 messages a second to everybody, against a bare server that
 * passes the same frames on. The round fails when any participant misses a message, or gets two in another order.
 */
export const busySession: Bench = {
  name: 'busy-session',
  async run(log) {
    const parley = await startParley();
    const bare = await startBaseline('bare-fan-out');
    try {
      const here = await fillSession(parley);
      const there = await fillBare(bare.port);
      const rounds: { parley: Round; bare: Round; lagMs: number }[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        await eventLoopLagMs(parley);
        const ours = await talk(here, parley.pid);
        const lagMs = await eventLoopLagMs(parley);
        const theirs = await talk(there, bare.pid);
        log(
          `round ${round}: ${ours.cpuMicrosecondsPerDelivery.toFixed(2)} and ${theirs.cpuMicrosecondsPerDelivery.toFixed(2)} us a delivery, ` +
            `p99 ${ours.latencyP99Ms.toFixed(0)} and ${theirs.latencyP99Ms.toFixed(0)} ms, event loop ${lagMs.toFixed(0)} ms`,
        );
        if (round > 0) rounds.push({ parley: ours, bare: theirs, lagMs });
      }
      const against = (what: string, pick: (round: Round) => number) => ({
        what: `${PEERS} participants, ${CHATS_PER_SECOND} chats and ${REACTIONS_PER_SECOND} reactions a second: ${what}`,
        parley: median(rounds.map((round) => pick(round.parley))),
        baseline: {
          name: 'bare `ws`, the same frames to as many sockets',
          value: median(rounds.map((round) => pick(round.bare))),
          ratio: median(rounds.map((round) => pick(round.parley) / pick(round.bare))),
        },
      });
      return [
        against(
          'CPU time of the server per delivery, microseconds',
          (round) => round.cpuMicrosecondsPerDelivery,
        ),
        against('from sending to the last receiver, 99th percentile, ms', (round) => round.latencyP99Ms),
        {
          what: 'The same session: delay of the event loop, 99th percentile, ms',
          parley: median(rounds.map((round) => round.lagMs)),
        },
        {
          what: `The same session: memory of the server process after ${(ROUNDS + 1) * SECONDS} s of it, MB`,
          parley: residentBytes(parley.pid) / MIB,
        },
      ];
    } finally {
      await Promise.all([parley.stop(), bare.stop()]);
    }
  },
};

/** Senders and receivers of one side; `deliveries` is set anew for each round. */
interface Side extends Talk {
  deliveries: Deliveries;
}

async function fillSession(parley: Parley): Promise<Side> {
  const path = `/${parley.appId}/meetings`;
  const { id } = await parley.call<{ id: string }>('POST', path, { title: 'Busy' });
  const peers: HeadlessPeer[] = [];
  let added = 0;
  const side: Side = {
    deliveries: new Deliveries(PEERS),
    chat: (sender, text) => peers[sender]!.chat(text),
    react: (sender, text) => peers[sender]!.send(RoomEvent.broadcastMessage, reaction(text)),
  };
  const lane = async () => {
    while (added < PEERS) {
      const number = added++;
      const { token } = await parley.call<{ token: string }>('POST', `${path}/${id}/participants`, {
        name: `Guest ${number}`,
        preset_name: 'group_call_participant',
        custom_participant_id: `guest-${number}`,
      });
      const peer = new HeadlessPeer({ url: `ws://127.0.0.1:${parley.httpPort}/ws`, token });
      const index = peers.push(peer) - 1;
      peer.on('frame', ({ payload }) => side.deliveries.received(index, payload));
      await peer.connect();
      await peer.join();
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, lane));
  return side;
}

async function fillBare(port: number): Promise<Side> {
  const sockets = await openSockets(port, PEERS, WIDTH);
  const side: Side = {
    deliveries: new Deliveries(PEERS),
    chat: (sender, text) => sockets[sender]!.send(chatFrame(text)),
    react: (sender, text) =>
      sockets[sender]!.send(
        encodeFrame(RoomEvent.broadcastMessage, toServer.encode(RoomEvent.broadcastMessage, reaction(text))),
      ),
  };
  for (const [index, socket] of sockets.entries()) {
    socket.on('message', (data: Buffer) => side.deliveries.received(index, data));
  }
  return side;
}

const chatFrame = (text: string) =>
  encodeFrame(
    ChatEvent.sendMessageToRoom,
    toServer.encode(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: text }),
  );

/** A reaction of the UI Kit. */
const reaction = (text: string): room.BroadcastMessage =>
  room.BroadcastMessage.create({
    type: 'reactions',
    payload: new TextEncoder().encode(JSON.stringify({ reaction: '👍', text })),
    timestamp: Date.now(),
  });

/** Everybody sends in turn, so that nobody comes near the limits of one participant. */
async function talk(side: Side, pid: number): Promise<Round> {
  const deliveries = new Deliveries(PEERS);
  side.deliveries = deliveries;
  const cpuBefore = cpuSeconds(pid);
  const startedMs = performance.now();
  let [chats, reactions] = [0, 0];
  for (let elapsed = 0; elapsed < SECONDS; elapsed = (performance.now() - startedMs) / 1000) {
    for (; chats < elapsed * CHATS_PER_SECOND; chats++) side.chat(chats % PEERS, deliveries.next());
    for (; reactions < elapsed * REACTIONS_PER_SECOND; reactions++) {
      side.react(reactions % PEERS, deliveries.next());
    }
    await pause(TICK_MS);
  }
  await deliveries.complete();
  const sorted = deliveries.latenciesMs.toSorted((a, b) => a - b);
  return {
    cpuMicrosecondsPerDelivery: ((cpuSeconds(pid) - cpuBefore) * 1e6) / (sorted.length * PEERS),
    latencyP99Ms: sorted[Math.floor(sorted.length * 0.99)]!,
  };
}

/** 99th percentile since it was last asked for. */
async function eventLoopLagMs({ httpPort }: Parley): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)![1]) * 1000;
}
