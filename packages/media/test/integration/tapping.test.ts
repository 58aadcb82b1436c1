import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { MediaEvent } from '../../src/rpc.js';
import { type SealedTrack, sealTrack } from '../../src/tapping/seal.js';
import { TestPeer } from '../support/peer.js';
import { encodeBeeps, findBeeps, probe, SoundSource } from '../support/sound.js';
import { TestWorker } from '../support/worker.js';

let beeps: Uint8Array[];
let worker: TestWorker;
let folder: string;
let cleanUp: (() => void)[] = [];

beforeAll(async () => {
  beeps = await encodeBeeps(10);
  worker = await TestWorker.start();
});

afterAll(() => worker.stop());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-tapping-'));
});

afterEach(async () => {
  for (const close of cleanUp.reverse()) close();
  cleanUp = [];
  await rm(folder, { recursive: true, force: true });
});

type TapEvent = Extract<MediaEvent, { type: 'tapFile' | 'tapEnded' }>;

/** A participant with a microphone that is tapped. */
async function speak(options: { on?: TestWorker; isLost?: (index: number) => boolean } = {}) {
  const on = options.on ?? worker;
  const peer = await TestPeer.join(on, randomUUID());
  const microphone = await peer.produce('audio');
  const source = new SoundSource(peer.send, microphone, beeps, options.isLost);
  cleanUp.push(() => peer.close());
  cleanUp.push(() => source.stop());
  const tapId = randomUUID();
  const { producerId } = microphone;
  await on.request('startTap', { tapId, producerId, folder, name: `default_${tapId}` });
  const tapEvent = <T extends TapEvent['type']>(type: T) =>
    on.event((event) => event.type === type && event.tapId === tapId) as Promise<
      Extract<TapEvent, { type: T }>
    >;
  return { peer, microphone, source, tapId, tapEvent, stop: () => on.request('stopTap', { tapId }) };
}

/** The sealed file of a tap that has ended. */
async function seal(file: string): Promise<SealedTrack & { path: string }> {
  const path = join(folder, `sealed-${file}`);
  const sealed = await sealTrack(join(folder, file), path);
  expect(sealed).not.toBeNull();
  return { path, ...sealed! };
}

test('two microphones become two files of Opus that are in sync to 40 ms (RC50, RC53)', async () => {
  const first = await speak();
  await wait(1_300);
  const second = await speak();
  await wait(3_200);
  const speakers = [first, second];
  const files = await Promise.all(
    speakers.map(async ({ tapId, tapEvent, source, stop }) => {
      const { file, startedAtMs } = await tapEvent('tapFile');
      const lasted = source.playedMs;
      await stop();
      const ended = await tapEvent('tapEnded');
      expect(file).toBe(`default_${tapId}_${startedAtMs}.webm`);
      expect(ended.failure).toBeUndefined();
      const sealed = await seal(file);
      expect(sealed.durationMs).toBe(ended.durationMs);
      const { codec, durationMs } = await probe(sealed.path);
      expect(codec).toBe('opus');
      expect(Math.abs(durationMs - lasted)).toBeLessThan(1_000);
      const heard = await findBeeps(sealed.path);
      return heard.beepsMs.map((beepMs) => startedAtMs + beepMs);
    }),
  );
  const [one = [], other = []] = files;
  expect(other.length).toBeGreaterThanOrEqual(3);
  for (const beepAtMs of other) {
    expect(Math.min(...one.map((at) => Math.abs(at - beepAtMs)))).toBeLessThan(40);
    // Beeps are made at full seconds of this machine's clock.
    expect(Math.abs(beepAtMs - Math.round(beepAtMs / 1_000) * 1_000)).toBeLessThan(60);
  }
});

test('lost packets, a host mute and silence leave gaps that keep time', async () => {
  const { tapEvent, microphone, source, stop } = await speak({ isLost: (index) => index % 9 === 4 });
  const { producerId } = microphone;
  await wait(1_500);
  await worker.request('muteProducer', { producerId, muted: true });
  await wait(1_500);
  await worker.request('muteProducer', { producerId, muted: false });
  await wait(2_000);
  const lasted = source.playedMs;
  await stop();
  const { file, startedAtMs } = await tapEvent('tapFile');
  const { path, frames } = await seal(file);
  expect(frames).toBeLessThan((lasted - 1_200) / 20);
  const { beepsMs, durationMs } = await findBeeps(path);
  expect(Math.abs(durationMs - lasted)).toBeLessThan(1_000);
  for (const beepMs of beepsMs) {
    const at = startedAtMs + beepMs;
    expect(Math.abs(at - Math.round(at / 1_000) * 1_000)).toBeLessThan(60);
  }
});

test('kill -9 of the worker keeps what was recorded to the last second', async () => {
  const doomed = await TestWorker.start();
  const { tapEvent, source } = await speak({ on: doomed });
  const { file } = await tapEvent('tapFile');
  await wait(2_500);
  const lasted = source.playedMs;
  await doomed.stop();
  const { path, durationMs } = await seal(file);
  expect(durationMs).toBeGreaterThan(lasted - 1_200);
  expect((await probe(path)).codec).toBe('opus');
});

test('a worker whose server is gone completes its files and ends', async () => {
  const orphan = await TestWorker.start();
  const { tapEvent, source } = await speak({ on: orphan });
  const { file } = await tapEvent('tapFile');
  await wait(600);
  const lasted = source.playedMs;
  const exit = once(orphan.process, 'exit');
  orphan.process.disconnect();
  expect(await exit).toEqual([0, null]);
  expect((await seal(file)).durationMs).toBeGreaterThan(lasted - 200);
});

test('each producer has its file, and its tap ends with it', async () => {
  const { peer, microphone, source, tapEvent, stop } = await speak();
  await tapEvent('tapFile');
  source.stop();
  const { transportId } = peer.send;
  const { producerId } = microphone;
  peer.send.sections.at(-1)!.direction = 'inactive';
  await worker.request('closeProducer', { transportId, producerId, offer: peer.send.offer() });
  await tapEvent('tapEnded');
  await stop();
  const again = await peer.produce('audio');
  const second = new SoundSource(peer.send, again, beeps);
  cleanUp.push(() => second.stop());
  const tapId = randomUUID();
  await worker.request('startTap', { tapId, producerId: again.producerId, folder, name: 'second' });
  await worker.event((event) => event.type === 'tapFile' && event.tapId === tapId);
  peer.close();
  await worker.request('closeRoom', { roomId: peer.roomId });
  await worker.event((event) => event.type === 'tapEnded' && event.tapId === tapId);
  for (const file of await readdir(folder)) await seal(file);
  expect(await readdir(folder)).toHaveLength(4);
});

test('a microphone that never made a sound leaves no file', async () => {
  const { tapEvent, stop } = await speak({ isLost: () => true });
  await wait(300);
  await stop();
  expect(await tapEvent('tapEnded')).toMatchObject({ durationMs: 0 });
  expect(await readdir(folder)).toEqual([]);
});

test('a folder that cannot be written to is said, and the call goes on', async () => {
  await rm(folder, { recursive: true });
  const { tapEvent } = await speak();
  expect((await tapEvent('tapEnded')).failure).toMatchObject({ code: 'ENOENT' });
  await expect(worker.request('workerStats', {})).resolves.toBeDefined();
});

test('only sound of a producer that is there can be tapped, once by each tap', async () => {
  const { peer, microphone, tapId } = await speak();
  const { producerId } = microphone;
  const camera = await peer.produce('video');
  const refused = (args: object) =>
    worker.request('startTap', { tapId: randomUUID(), producerId, folder, name: 'x', ...args });
  await expect(refused({ producerId: 'nobody' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(refused({ producerId: camera.producerId })).rejects.toThrow('Only sound');
  await expect(refused({ tapId })).rejects.toThrow('already');
});

test('sealing finds nothing in a file without frames, and makes none', async () => {
  const sealed = join(folder, 'sealed.webm');
  expect(await sealTrack('/dev/null', sealed)).toBeNull();
  await expect(stat(sealed)).rejects.toMatchObject({ code: 'ENOENT' });
});
