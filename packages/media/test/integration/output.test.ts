import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { MediaSource } from '../support/media-source.js';
import { TestPeer } from '../support/peer.js';
import { TestWorker } from '../support/worker.js';

const LINES = 20_000;

/** STUN binding requests with a broken attribute; the engine prints a line about each. */
async function flood(port: number): Promise<void> {
  const socket = createSocket('udp4');
  const packet = Buffer.from('000100082112a442000102030405060708090a0b0006ffff61626364', 'hex');
  for (let sent = 0; sent < LINES; sent += 100) {
    for (let burst = 0; burst < 100; burst += 1) socket.send(packet, port, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise<void>((resolve) => socket.close(resolve));
}

test('strangers who make the engine print do not stop the media, even when nobody reads (media-engine 5.3)', async () => {
  const worker = await TestWorker.start();
  const ready = worker.events[0];
  const port = ready?.type === 'ready' ? ready.port : 0;
  await flood(port);
  await expect.poll(() => worker.output, { timeout: 5_000 }).toContain('[ERR]');

  // From here on the pipe fills up, as with a server that is busy.
  worker.process.stdout?.pause();
  const roomId = randomUUID();
  const [alice, bob] = [await TestPeer.join(worker, roomId), await TestPeer.join(worker, roomId)];
  const microphone = await alice.produce('audio');
  await bob.consume({ producerId: microphone.producerId });
  const talk = MediaSource.audio(alice.send, microphone);
  await flood(port);
  const before = bob.recv.received.length;
  await expect.poll(() => bob.recv.received.length, { timeout: 5_000 }).toBeGreaterThan(before + 50);
  talk.stop();
  alice.close();
  bob.close();
  await worker.stop();
});
