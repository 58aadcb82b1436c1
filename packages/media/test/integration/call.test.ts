import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { midOf, TestPeer } from '../support/peer.js';
import { buildRtp, midExtension, PAYLOAD_TYPES } from '../support/rtp.js';
import { TestWorker } from '../support/worker.js';

let worker: TestWorker;

beforeAll(async () => {
  worker = await TestWorker.start();
});

afterAll(() => worker.stop());

test('audio', async () => {
  const room = randomUUID();
  const alice = await TestPeer.join(worker, room);
  const bob = await TestPeer.join(worker, room);
  const produced = await alice.produce('audio');
  const [result] = await bob.consume({ producerId: produced.producerId });
  const mid = midOf(result);
  let sequenceNumber = 0;
  const timer = setInterval(() => {
    sequenceNumber += 1;
    alice.send.sendRtp(
      buildRtp({
        payloadType: PAYLOAD_TYPES.opus,
        sequenceNumber,
        timestamp: sequenceNumber * 960,
        ssrc: produced.ssrc,
        extensions: [midExtension(produced.mid)],
        payload: Buffer.from('hello'),
      }),
    );
  }, 20);
  await expect.poll(() => bob.recv.received.length, { timeout: 5000 }).toBeGreaterThan(5);
  clearInterval(timer);
  expect(bob.recv.received[0]).toMatchObject({ mid, payload: Buffer.from('hello') });
  alice.close();
  bob.close();
});
