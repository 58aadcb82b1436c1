import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MediaSource } from '../support/media-source.js';
import { TestPeer } from '../support/peer.js';
import { TestWorker } from '../support/worker.js';

let worker: TestWorker;
let peers: TestPeer[] = [];

beforeAll(async () => {
  worker = await TestWorker.start();
});

afterAll(async () => {
  for (const peer of peers) peer.close();
  peers = [];
  await worker.stop();
});

async function joinWithMicrophone(roomId: string, screenShare = false) {
  const peer = await TestPeer.join(worker, roomId);
  peers.push(peer);
  return { peer, microphone: await peer.produce('audio', { screenShare }) };
}

function orderOf(roomId: string): string[] {
  const event = worker.events.findLast(
    (candidate) => candidate.type === 'activeSpeakers' && candidate.roomId === roomId,
  );
  return event?.type === 'activeSpeakers' ? event.peerIds : [];
}

const becomes = (roomId: string, order: string[]) =>
  expect.poll(() => orderOf(roomId), { timeout: 8_000, interval: 50 }).toEqual(order);

test('speakers are ranked by the levels in their packets, and the order is told when it changes', async () => {
  const roomId = randomUUID();
  const ann = await joinWithMicrophone(roomId);
  const bob = await joinWithMicrophone(roomId);
  const silent = await joinWithMicrophone(roomId);
  const hush = MediaSource.audio(silent.peer.send, silent.microphone, { level: 127 });
  const quiet = MediaSource.audio(ann.peer.send, ann.microphone, { level: 52 });
  await becomes(roomId, [ann.peer.peerId]);
  const loud = MediaSource.audio(bob.peer.send, bob.microphone, { level: 15 });
  await becomes(roomId, [ann.peer.peerId, bob.peer.peerId]);
  await becomes(roomId, [bob.peer.peerId, ann.peer.peerId]);
  loud.stop();
  await becomes(roomId, [ann.peer.peerId, bob.peer.peerId]);
  const told = worker.events.filter((event) => event.type === 'activeSpeakers' && event.roomId === roomId);
  expect(told.length).toBe(4);

  // A speaker whose microphone closes is out of the order at once.
  const { transportId } = ann.peer.send;
  await worker.request('closeProducer', { transportId, producerId: ann.microphone.producerId });
  await becomes(roomId, [bob.peer.peerId]);
  quiet.stop();
  hush.stop();
});

test('neither a muted microphone nor the sound of a shared screen makes a speaker', async () => {
  const roomId = randomUUID();
  const muted = await joinWithMicrophone(roomId);
  const screen = await joinWithMicrophone(roomId, true);
  const speaker = await joinWithMicrophone(roomId);
  await worker.request('muteProducer', { producerId: muted.microphone.producerId, muted: true });
  const sources = [
    MediaSource.audio(muted.peer.send, muted.microphone, { level: 5 }),
    MediaSource.audio(screen.peer.send, screen.microphone, { level: 5 }),
  ];
  await expect.poll(() => sources.every(({ sent }) => sent > 50), { timeout: 5_000 }).toBe(true);
  sources.push(MediaSource.audio(speaker.peer.send, speaker.microphone, { level: 52 }));
  await becomes(roomId, [speaker.peer.peerId]);
  await worker.request('muteProducer', { producerId: muted.microphone.producerId, muted: false });
  await becomes(roomId, [muted.peer.peerId, speaker.peer.peerId]);
  for (const source of sources) source.stop();
});

test('microphones that close while they send never stop the worker', async () => {
  const roomId = randomUUID();
  const { peer } = await joinWithMicrophone(roomId);
  const other = await joinWithMicrophone(roomId);
  const talk = MediaSource.audio(other.peer.send, other.microphone);
  const { transportId } = peer.send;
  for (let round = 0; round < 60; round += 1) {
    const microphone = await peer.produce('audio');
    // A burst keeps the media thread busy with this very track while it is taken away.
    for (let burst = 0; burst < 3; burst += 1) {
      const source = MediaSource.audio(peer.send, microphone);
      await new Promise((resolve) => setImmediate(resolve));
      source.stop();
    }
    await worker.request('closeProducer', { transportId, producerId: microphone.producerId });
  }
  await becomes(roomId, [other.peer.peerId]);
  talk.stop();
});
