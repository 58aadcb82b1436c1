import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPeer } from '../support/peer.js';
import { buildRtp, midExtension } from '../support/rtp.js';
import { TestWorker } from '../support/worker.js';

/** Packets that have ended the process before the patches of `patches/`. Found ones are added here. */

let worker: TestWorker;
let peer: TestPeer;

beforeAll(async () => {
  worker = await TestWorker.start();
  peer = await TestPeer.join(worker, randomUUID());
});

afterAll(async () => {
  peer.close();
  await worker.stop();
});

/** The worker still answers after its media thread has had a look at the packets. */
async function survives(packets: Buffer[]): Promise<void> {
  const microphone = await peer.produce('audio');
  for (const packet of packets) peer.send.sendRtp(packet);
  const before = { received: peer.send.receivedRtcp.length };
  const payload = Buffer.from('x');
  // A report comes back for a track that is heard, so the packets before it have been read.
  let sequenceNumber = 0;
  await expect
    .poll(
      () => {
        sequenceNumber += 1;
        const { ssrc, mid } = microphone;
        const extensions = [midExtension(mid)];
        const timestamp = sequenceNumber * 960;
        peer.send.sendRtp(
          buildRtp({ payloadType: 111, sequenceNumber, timestamp, ssrc, extensions, payload }),
        );
        return peer.send.receivedRtcp.length > before.received || !worker.alive;
      },
      { timeout: 5_000 },
    )
    .toBe(true);
  expect(worker.alive).toBe(true);
  await expect(worker.request('workerStats', {})).resolves.toBeDefined();
}

test('RTCP APP packets without room for their name (rtcp-app-length)', () =>
  survives([
    Buffer.from('80cc000100000001', 'hex'),
    Buffer.from('81cb000100000001' + '80cc0000', 'hex'),
    Buffer.from('80cc000200000001' + '61626364', 'hex'),
  ]));

test('H264 parameter sets that end in the middle of a number (h264-parameter-sets)', async () => {
  const camera = await peer.produce('video');
  const set = Buffer.from('67' + '34824a2aed21e3e6c6', 'hex');
  const aggregated = Buffer.concat([Buffer.from([0x78, 0, set.length]), set]);
  const packet = (payload: Buffer, sequenceNumber: number) =>
    buildRtp({
      payloadType: 108,
      sequenceNumber,
      timestamp: sequenceNumber * 3_000,
      ssrc: camera.ssrc,
      extensions: [midExtension(camera.mid)],
      payload,
    });
  // Every length of it, because the reader's state decides.
  const packets = Array.from({ length: set.length }, (_, cut) =>
    packet(set.subarray(0, set.length - cut), cut + 1),
  );
  await survives([...packets, packet(aggregated, 20)]);
});
