import { randomInt, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type FuzzedTrack, fuzzedRtcp, fuzzedRtp, Random } from '../support/fuzz.js';
import { MediaSource } from '../support/media-source.js';
import { midOf, TestPeer } from '../support/peer.js';
import { PAYLOAD_TYPES } from '../support/rtp.js';
import { TestWorker } from '../support/worker.js';

/**
 * A joined participant has valid SRTP keys, so what it sends is decrypted and parsed. It must neither end the worker,
 * nor disturb others, nor fill the memory. Longer runs by hand: FUZZ_SECONDS=600, and FUZZ_SEED to repeat one.
 */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 25);
const SEED = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const PACKETS_PER_TURN = 60;
const TURN_MS = 10;
/** The hostile client starts anew this often, with fresh tracks and connections. */
const ROUND_MS = 4_000;
const KEPT_PACKETS = 2_000;
/** What a call beside the attack keeps of its packets, measured by a call that nobody attacks. */
const SHARE_LEAST = 0.8;
const GROWTH_LIMIT_BYTES = 300 * 1024 * 1024;

/** What the hostile client says is recorded too. */
const tapFolder = mkdtempSync(join(tmpdir(), 'parley-hostile-'));
afterAll(() => rmSync(tapFolder, { recursive: true, force: true }));

interface Hostile {
  peer: TestPeer;
  tracks: FuzzedTrack[];
  producerIds: string[];
}

/** Two peers, one of whom speaks to the other. */
class Call {
  heard = 0;

  private constructor(
    private readonly peers: TestPeer[],
    private readonly talk: MediaSource,
  ) {}

  static async start(worker: TestWorker): Promise<Call> {
    const roomId = randomUUID();
    const [ann, bob] = [await TestPeer.join(worker, roomId), await TestPeer.join(worker, roomId)];
    const microphone = await ann.produce('audio');
    midOf((await bob.consume({ producerId: microphone.producerId }))[0]);
    const call = new Call([ann, bob], MediaSource.audio(ann.send, microphone));
    bob.recv.onRtp = () => {
      call.heard += 1;
    };
    return call;
  }

  /** Tells what part has arrived of the packets that were sent since this call. */
  measure(): () => number {
    const { heard } = this;
    const { sent } = this.talk;
    return () => (this.heard - heard) / (this.talk.sent - sent);
  }

  stop(): void {
    this.talk.stop();
    for (const peer of this.peers) peer.close();
  }
}

const percent = (part: number) => `${(part * 100).toFixed(1)} %`;

async function joinHostile(worker: TestWorker, roomId: string, random: Random): Promise<Hostile> {
  const peer = await TestPeer.join(worker, roomId);
  const microphone = await peer.produce('audio');
  const { producerId } = microphone;
  await worker.request('startTap', { tapId: producerId, producerId, folder: tapFolder, name: 'hostile' });
  const camera = await peer.produce('video');
  const simulcast = await peer.produce('video', { rids: ['f', 'h', 'q'] });
  const track = (mid: string, ssrc: number, payloadType: number, rid?: string): FuzzedTrack => ({
    mid,
    rid,
    ssrc,
    payloadType,
    sequenceNumber: random.below(65_536),
    timestamp: random.below(2 ** 31),
  });
  const { opus, vp8 } = PAYLOAD_TYPES;
  const tracks = [track(microphone.mid, microphone.ssrc, opus), track(camera.mid, camera.ssrc, vp8)];
  for (const rid of ['f', 'h', 'q']) tracks.push(track(simulcast.mid, random.below(2 ** 31) + 1, vp8, rid));
  // The same m-line with other codecs of the table, as if the client had changed its mind.
  for (const payloadType of [98, 108, 97]) tracks.push(track(camera.mid, camera.ssrc, payloadType));
  return { peer, tracks, producerIds: [microphone, camera, simulcast].map(({ producerId }) => producerId) };
}

test(
  `a hostile participant sends mutated RTP and RTCP for ${SECONDS} s (seed ${SEED})`,
  async () => {
    const random = new Random(SEED);
    const [worker, otherWorker] = [await TestWorker.start(), await TestWorker.start()];
    const lastPackets: string[] = [];
    const keep = (kind: string, packet: Buffer) => {
      lastPackets.push(`${kind} ${packet.toString('hex')}`);
      if (lastPackets.length > KEPT_PACKETS) lastPackets.shift();
    };

    // A call in another room, the same beside it in a worker that nobody attacks, and a peer in the hostile one's
    // room who consumes everything that the hostile one sends.
    const nextDoor = await Call.start(worker);
    const elsewhere = await Call.start(otherWorker);
    const hostileRoom = randomUUID();
    const victim = await TestPeer.join(worker, hostileRoom);
    victim.recv.onRtp = () => {};
    const victims = await victim.produce('video');
    const picture = MediaSource.video(victim.send, victims);

    const counts = { rtp: 0, rtcp: 0, refused: 0 };
    const send = (peer: TestPeer, direction: 'send' | 'recv', packet: Buffer, kind: 'rtp' | 'rtcp') => {
      keep(`${direction} ${kind}`, packet);
      try {
        if (peer[direction].sendRtp(packet)) counts[kind] += 1;
      } catch {
        // The library itself refuses packets whose header contradicts their length; so would the receiver.
        counts.refused += 1;
      }
    };

    let residentBytes = 0;
    const [arrivedNextDoor, arrivedElsewhere] = [nextDoor.measure(), elsewhere.measure()];
    const end = Date.now() + SECONDS * 1_000;
    try {
      while (Date.now() < end) {
        const { peer, tracks, producerIds } = await joinHostile(worker, hostileRoom, random);
        const consumed = await victim.consume(...producerIds.map((producerId) => ({ producerId })));
        const mine = await peer.consume({ producerId: victims.producerId });
        const ssrcs = [1, ...tracks.map(({ ssrc }) => ssrc)];
        peer.recv.onRtp = (packet) => {
          const ssrc = packet.readUInt32BE(8);
          if (!ssrcs.includes(ssrc)) ssrcs.push(ssrc);
        };
        const roundEnd = Math.min(end, Date.now() + ROUND_MS);
        while (Date.now() < roundEnd) {
          for (let count = 0; count < PACKETS_PER_TURN; count += 1) {
            if (random.chance(0.6)) send(peer, 'send', fuzzedRtp(random, random.pick(tracks)), 'rtp');
            else send(peer, random.chance(0.5) ? 'send' : 'recv', fuzzedRtcp(random, ssrcs), 'rtcp');
          }
          if (!worker.alive) throw new Error(`The worker died.\n${worker.output}`);
          await new Promise((resolve) => setTimeout(resolve, TURN_MS));
        }
        const stats = await worker.request('workerStats', {});
        await worker.request('roomStats', { roomId: hostileRoom });
        residentBytes ||= stats.residentBytes;
        expect(stats.residentBytes - residentBytes).toBeLessThan(GROWTH_LIMIT_BYTES);
        // A busy machine sends less, and may lose packets of either call; an attack must not cost more of one.
        expect(arrivedNextDoor()).toBeGreaterThan(SHARE_LEAST * arrivedElsewhere());
        await victim.closeConsumers(consumed.map(midOf));
        await peer.closeConsumers(mine.map(midOf));
        for (const { transportId } of [peer.send, peer.recv])
          await worker.request('closeTransport', { transportId });
        peer.close();
      }
      expect(worker.alive).toBe(true);
      expect(counts.rtp).toBeGreaterThan(SECONDS * 500);
      expect(counts.rtcp).toBeGreaterThan(SECONDS * 300);
    } catch (error) {
      const file = join(mkdtempSync(join(tmpdir(), 'parley-fuzz-')), 'last-packets.txt');
      writeFileSync(file, `seed ${SEED}\n${lastPackets.join('\n')}\n`);
      throw new Error(`${(error as Error).message}\nThe last packets are in ${file}.`, { cause: error });
    } finally {
      console.log(
        `sent ${counts.rtp} RTP and ${counts.rtcp} RTCP packets, ${counts.refused} could not be sent; ` +
          `of the call next door ${percent(arrivedNextDoor())} arrived, elsewhere ${percent(arrivedElsewhere())}`,
      );
      picture.stop();
      victim.close();
      for (const call of [nextDoor, elsewhere]) call.stop();
      for (const one of [worker, otherWorker]) await one.stop();
    }
  },
  SECONDS * 1_000 + 60_000,
);
