import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { MediaSource } from '../support/media-source.js';
import { midOf, TestConnection, TestPeer } from '../support/peer.js';
import { buildRtp, isPictureLossIndication, midExtension, PAYLOAD_TYPES } from '../support/rtp.js';
import { TestWorker } from '../support/worker.js';

let worker: TestWorker;
let cleanUp: (() => void)[] = [];

beforeAll(async () => {
  worker = await TestWorker.start();
});

afterAll(() => worker.stop());

afterEach(() => {
  for (const close of cleanUp.reverse()) close();
  cleanUp = [];
});

async function join(roomId: string): Promise<TestPeer> {
  const peer = await TestPeer.join(worker, roomId);
  cleanUp.push(() => peer.close());
  return peer;
}

function start(source: MediaSource): MediaSource {
  cleanUp.push(() => source.stop());
  return source;
}

/** The two of a call, the first with microphone and camera. */
async function startCall() {
  const roomId = randomUUID();
  const [alice, bob] = [await join(roomId), await join(roomId)];
  const microphone = await alice.produce('audio');
  const camera = await alice.produce('video');
  start(MediaSource.audio(alice.send, microphone));
  start(MediaSource.video(alice.send, camera));
  return { roomId, alice, bob, microphone, camera };
}

function receivedOn(peer: TestPeer, mid: string): number {
  return peer.recv.received.filter((packet) => packet.mid === mid).length;
}

async function flows(peer: TestPeer, mid: string): Promise<void> {
  const before = receivedOn(peer, mid);
  await expect.poll(() => receivedOn(peer, mid), { timeout: 5_000 }).toBeGreaterThan(before + 5);
}

/** Nothing arrives for a while in which 15 packets would have. */
async function isSilent(peer: TestPeer, mid: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150));
  const before = receivedOn(peer, mid);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(receivedOn(peer, mid)).toBe(before);
}

test('sound and picture reach the other peer, each on its own m-line', async () => {
  const { bob, microphone, camera } = await startCall();
  const results = await bob.consume({ producerId: microphone.producerId }, { producerId: camera.producerId });
  const [sound, picture] = results.map(midOf);
  await flows(bob, sound!);
  await flows(bob, picture!);
  const types = new Map(bob.recv.received.map((packet) => [packet.mid, packet.payloadType]));
  expect(types.get(sound)).toBe(PAYLOAD_TYPES.opus);
  expect(types.get(picture)).toBe(PAYLOAD_TYPES.vp8);
});

test('frames arrive unchanged, so that end-to-end encryption works', async () => {
  const roomId = randomUUID();
  const [alice, bob] = [await join(roomId), await join(roomId)];
  const microphone = await alice.produce('audio');
  const [result] = await bob.consume({ producerId: microphone.producerId });
  const secret = randomBytes(160);
  start(MediaSource.audio(alice.send, microphone, { payload: secret }));
  await flows(bob, midOf(result));
  for (const { payload } of bob.recv.received) expect(payload.equals(secret)).toBe(true);
});

test('a consumer starts with a key frame of the sender', async () => {
  const { alice, bob, camera } = await startCall();
  await bob.consume({ producerId: camera.producerId });
  await expect
    .poll(() => alice.send.receivedRtcp.some(isPictureLossIndication), { timeout: 5_000 })
    .toBe(true);
});

test('a host mute holds against a client that goes on sending', async () => {
  const { bob, microphone } = await startCall();
  const { producerId } = microphone;
  const mid = midOf((await bob.consume({ producerId }))[0]);
  await flows(bob, mid);
  await worker.request('muteProducer', { producerId, muted: true });
  await isSilent(bob, mid);
  await worker.request('muteProducer', { producerId, muted: false });
  await flows(bob, mid);
});

test('a producer muted before anyone consumes it stays mute', async () => {
  const { bob, microphone } = await startCall();
  const { producerId } = microphone;
  await worker.request('muteProducer', { producerId, muted: true });
  const mid = midOf((await bob.consume({ producerId }))[0]);
  await isSilent(bob, mid);
});

test('camera off and on three times: consumers closed, their m-line used again', async () => {
  const { bob, camera } = await startCall();
  const mids = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    const mid = midOf((await bob.consume({ producerId: camera.producerId }))[0]);
    mids.add(mid);
    await flows(bob, mid);
    await bob.closeConsumers([mid]);
    await isSilent(bob, mid);
  }
  expect(mids.size).toBe(3);
  expect(bob.recv.sections).toHaveLength(3);
});

test('screen share stopped and started again: the old one is silent, the new one flows', async () => {
  const roomId = randomUUID();
  const [alice, bob] = [await join(roomId), await join(roomId)];
  for (let round = 0; round < 3; round += 1) {
    const screen = await alice.produce('video', { screenShare: true });
    const source = start(MediaSource.video(alice.send, screen));
    const mid = midOf((await bob.consume({ producerId: screen.producerId }))[0]);
    await flows(bob, mid);
    const { transportId } = alice.send;
    alice.send.sections.at(-1)!.direction = 'inactive';
    const offer = alice.send.offer();
    await worker.request('closeProducer', { transportId, producerId: screen.producerId, offer });
    await isSilent(bob, mid);
    source.stop();
    await bob.closeConsumers([mid]);
  }
});

test('a new transport replaces the old one of its direction at once (protocol.md 6.10)', async () => {
  const { roomId, alice, bob, microphone } = await startCall();
  const { peerId } = alice;
  const mid = midOf((await bob.consume({ producerId: microphone.producerId }))[0]);
  await flows(bob, mid);
  const second = new TestConnection(worker);
  cleanUp.push(() => second.close());
  await second.connect({ roomId, peerId, direction: 'send' });
  await isSilent(bob, mid);
  expect(await bob.consume({ producerId: microphone.producerId })).toEqual([
    { producerId: microphone.producerId, error: 'try_again' },
  ]);
  const { transportId } = alice.send;
  await expect(worker.request('closeProducer', { transportId, producerId: 'any' })).rejects.toMatchObject({
    code: 'not_found',
  });
});

test('the end of a room closes what is in it and nothing else', async () => {
  const other = await startCall();
  const mid = midOf((await other.bob.consume({ producerId: other.microphone.producerId }))[0]);
  const { roomId, bob, microphone } = await startCall();
  const before = await worker.request('workerStats', {});
  await worker.request('closeRoom', { roomId });
  const after = await worker.request('workerStats', {});
  expect(before.transports - after.transports).toBe(4);
  expect(before.producers - after.producers).toBe(2);
  const { transportId } = bob.recv;
  const requests = [{ producerId: microphone.producerId }];
  await expect(worker.request('consume', { transportId, requests })).rejects.toMatchObject({
    code: 'not_found',
  });
  await flows(other.bob, mid);
});

test('statistics tell what each producer sends', async () => {
  const { roomId, microphone, camera } = await startCall();
  const read = async () => (await worker.request('roomStats', { roomId })).producers;
  await expect
    .poll(async () => (await read()).every(({ packets }) => packets > 5), { timeout: 5_000 })
    .toBe(true);
  const producers = await read();
  expect(producers.map(({ producerId }) => producerId)).toEqual([microphone.producerId, camera.producerId]);
  for (const { bitrateBps, lostPackets } of producers) {
    expect(bitrateBps).toBeGreaterThan(1_000);
    expect(lostPackets).toBe(0);
  }
});

test('packets for m-lines that no producer has are dropped', async () => {
  const { alice, bob, microphone } = await startCall();
  const mid = midOf((await bob.consume({ producerId: microphone.producerId }))[0]);
  for (let sequenceNumber = 0; sequenceNumber < 50; sequenceNumber += 1) {
    const extensions = [midExtension('77')];
    const payload = Buffer.from('stray');
    const { opus: payloadType } = PAYLOAD_TYPES;
    alice.send.sendRtp(
      buildRtp({ payloadType, sequenceNumber, timestamp: 0, ssrc: 4_711, extensions, payload }),
    );
  }
  await flows(bob, mid);
  expect(bob.recv.received.some(({ payload }) => payload.equals(Buffer.from('stray')))).toBe(false);
});

test.each([
  ['an unknown name', { id: 1, name: 'explode', args: {} }],
  ['no arguments', { id: 2, name: 'createTransport' }],
  ['a description that is no text', { id: 3, name: 'createTransport', args: { offer: { a: 1 } } }],
  ['nothing at all', null],
  ['a property of every object', { id: 4, name: 'constructor', args: {} }],
])('a request with %s is refused or ignored, and the worker goes on', async (_what, message) => {
  worker.process.send(message as object);
  await expect(worker.request('workerStats', {})).resolves.toBeDefined();
});

test('the worker ends with its channel, so that a dead server leaves none behind', async () => {
  const orphan = await TestWorker.start();
  const exit = once(orphan.process, 'exit');
  orphan.process.disconnect();
  expect(await exit).toEqual([0, null]);
});

test('a fixed port is taken, and one that is taken is said', async () => {
  const first = await TestWorker.start();
  const [ready] = first.events;
  const port = ready?.type === 'ready' ? ready.port : 0;
  await expect(TestWorker.start({ port })).rejects.toThrow(/Could not initialize bundle/);
  await first.stop();
  const second = await TestWorker.start({ port });
  expect(second.events[0]).toEqual({ type: 'ready', port });
  await second.stop();
});
