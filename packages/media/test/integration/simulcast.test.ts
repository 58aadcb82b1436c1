import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Rid } from '../../src/rpc.js';
import { MediaSource } from '../support/media-source.js';
import { midOf, TestPeer } from '../support/peer.js';
import { TestWorker } from '../support/worker.js';

/** Each layer has its own size and filling, so that the receiver can tell which one it got. */
const LAYERS: Record<Rid, { frameBytes: number; fill: number }> = {
  f: { frameBytes: 1_000, fill: 0xf0 },
  h: { frameBytes: 400, fill: 0xa0 },
  q: { frameBytes: 100, fill: 0x10 },
};

let worker: TestWorker;
let alice: TestPeer;
let bob: TestPeer;
let sources: Map<string, MediaSource>;
let producerId: string;
let roomId: string;
let mid: string;
let latest: number | undefined;

beforeAll(async () => {
  worker = await TestWorker.start();
  roomId = randomUUID();
  alice = await TestPeer.join(worker, roomId);
  bob = await TestPeer.join(worker, roomId);
  const camera = await alice.produce('video', { rids: ['f', 'h', 'q'] });
  ({ producerId } = camera);
  // Sources are bound by mid and rid of their first packets: no ssrc was in the offer.
  sources = new Map(
    Object.entries(LAYERS).map(([rid, layer], index) => [
      rid,
      MediaSource.video(alice.send, { mid: camera.mid, ssrc: 1_000 + index }, { rid, ...layer }),
    ]),
  );
  bob.recv.onRtp = (packet) => {
    latest = packet.at(-1);
  };
});

afterAll(async () => {
  for (const source of sources.values()) source.stop();
  alice.close();
  bob.close();
  await worker.stop();
});

const arrives = (rid: Rid) => expect.poll(() => latest, { timeout: 10_000 }).toBe(LAYERS[rid].fill);

const prefer = (rid: Rid) =>
  worker.request('preferLayers', { transportId: bob.recv.transportId, requests: [{ mid, rid }] });

test('a client without feedback comes to the best layer', async () => {
  const layerRates = async () => (await worker.request('roomStats', { roomId })).producers[0]?.activeRids;
  await expect.poll(layerRates, { timeout: 5_000 }).toEqual(['f', 'h', 'q']);
  mid = midOf((await bob.consume({ producerId }))[0]);
  await arrives('f');
});

test('layers change as the client asks for them (protocol.md 6.9)', async () => {
  for (const rid of ['q', 'h', 'f', 'q'] as const) {
    await prefer(rid);
    await arrives(rid);
  }
});

test('wishes for m-lines that are not there do no harm', async () => {
  const { transportId } = bob.recv;
  await worker.request('preferLayers', {
    transportId,
    requests: [
      { mid: '9', rid: 'q' },
      { mid: '0', rid: 'f' },
    ],
  });
  await arrives('q');
});

test('a layer that the sender stops is replaced by the next one', async () => {
  await prefer('f');
  await arrives('f');
  sources.get('f')!.stop();
  await arrives('h');
  sources.get('h')!.stop();
  await arrives('q');
});
