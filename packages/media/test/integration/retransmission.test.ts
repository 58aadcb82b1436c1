import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { midOf, TestPeer } from '../support/peer.js';
import { buildRtp, midExtension, nack, PAYLOAD_TYPES, parseRtp, vp8Payload } from '../support/rtp.js';
import { TestWorker } from '../support/worker.js';

const FRAME_BYTES = 1_000;
const SECONDS = 4;
/** The engine's floor for its target, below which it never goes. */
const TARGET_BPS = 128_000;

test('retransmissions stay below the target, however much a receiver asks for (media-engine 5.9)', async () => {
  const worker = await TestWorker.start();
  const roomId = randomUUID();
  const [alice, bob] = [await TestPeer.join(worker, roomId), await TestPeer.join(worker, roomId)];
  const camera = await alice.produce('video');
  let mediaPackets = 0;
  let repeatedBytes = 0;
  bob.recv.onRtp = (packet) => {
    const { payloadType, ssrc, sequenceNumber } = parseRtp(packet);
    if (payloadType === PAYLOAD_TYPES.vp8Rtx) {
      repeatedBytes += packet.length;
      return;
    }
    mediaPackets += 1;
    // Pretends to have lost the last 17 packets, with every packet.
    bob.recv.sendRtp(nack(1, ssrc, sequenceNumber - 16, 0xffff));
  };
  midOf((await bob.consume({ producerId: camera.producerId }))[0]);
  // 100 kbit/s of media, below the target, so that only the retransmissions exceed it.
  const timer = setInterval(() => send(), 80);
  let sent = 0;
  const send = () => {
    sent += 1;
    const fields = {
      payloadType: PAYLOAD_TYPES.vp8,
      sequenceNumber: sent,
      timestamp: sent * 7_200,
      ssrc: camera.ssrc,
    };
    const payload = vp8Payload({ pictureId: sent, keyFrame: sent % 10 === 1, size: FRAME_BYTES });
    alice.send.sendRtp(
      buildRtp({ ...fields, marker: true, extensions: [midExtension(camera.mid)], payload }),
    );
  };
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  clearInterval(timer);
  alice.close();
  bob.close();
  await worker.stop();
  expect(mediaPackets).toBeGreaterThan(20);
  expect(repeatedBytes).toBeGreaterThan(0);
  expect((repeatedBytes * 8) / SECONDS).toBeLessThan(TARGET_BPS);
});
