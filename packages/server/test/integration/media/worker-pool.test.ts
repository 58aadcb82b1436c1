import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeAll, expect, test } from 'vitest';
import type { MediaError, MediaPool, MediaRoom, MediaRoomEvent } from '../../../src/media/media-pool.js';
import { createMediaPool } from '../../../src/media/worker-pool.js';

const repository = fileURLToPath(new URL('../../../../../', import.meta.url));

let pool: MediaPool | undefined;

beforeAll(() => {
  execFileSync('npx', ['tsc', '-b', 'packages/media'], { cwd: repository, stdio: 'inherit' });
});

afterEach(async () => {
  await pool?.close();
});

async function startPool(workers: number): Promise<MediaPool> {
  pool = createMediaPool({ workers, announcedIps: ['127.0.0.1'], log: pino({ level: 'silent' }) });
  await pool.ready();
  return pool;
}

/** Gives the room a worker, and tells which. */
async function settle(from: MediaPool, room: MediaRoom): Promise<number> {
  const before = from.gauges().map(({ rooms }) => rooms);
  await room.request('roomStats', { roomId: room.id });
  return from.gauges().findIndex(({ rooms }, index) => rooms > (before[index] ?? 0));
}

function listen(room: MediaRoom): MediaRoomEvent[] {
  const events: MediaRoomEvent[] = [];
  room.on((event) => events.push(event));
  return events;
}

const ask = (room: MediaRoom) =>
  room.request('roomStats', { roomId: room.id }).then(
    () => 'served',
    ({ code }: MediaError) => code,
  );

/** Asks again while no worker is up: on a busy machine one takes longer to come than a request may wait. */
async function isServed(room: MediaRoom): Promise<void> {
  await expect.poll(() => ask(room), { timeout: 30_000 }).toBe('served');
}

function killWorker(from: MediaPool, index: number): void {
  process.kill(from.gauges()[index]!.pid!, 'SIGKILL');
}

test('is ready once every worker listens, and spreads rooms evenly', async () => {
  const started = await startPool(2);
  expect(started.isReady()).toBe(true);
  const places = [];
  for (let count = 0; count < 4; count += 1)
    places.push(await settle(started, started.room(`room-${count}`)));
  expect(places.toSorted()).toEqual([0, 0, 1, 1]);
  started.room('room-0').close();
  expect(started.gauges().reduce((sum, { rooms }) => sum + rooms, 0)).toBe(3);
});

test('a refusal of the worker keeps its code', async () => {
  const started = await startPool(1);
  const room = started.room('room');
  const offer = 'v=0\r\n';
  const request = { transportId: 't', roomId: 'room', peerId: 'p', direction: 'send', offer } as const;
  await expect(room.request('createTransport', request)).rejects.toMatchObject({ code: 'invalid_sdp' });
  const missing = { transportId: 'none', requests: [] };
  await expect(room.request('consume', missing)).rejects.toMatchObject({ code: 'not_found' });
});

test('a worker leaves Ctrl-C to its server', async () => {
  const started = await startPool(1);
  const room = started.room('room');
  await settle(started, room);
  process.kill(started.gauges()[0]!.pid!, 'SIGINT');
  expect(await ask(room)).toBe('served');
  expect(started.gauges()[0]).toMatchObject({ ready: true, restarts: 0 });
});

test('a worker killed with SIGKILL is replaced, its room is told and goes on elsewhere', async () => {
  const started = await startPool(2);
  const [one, other] = [started.room('one'), started.room('other')];
  const [place] = [await settle(started, one), await settle(started, other)];
  const [eventsOfOne, eventsOfOther] = [listen(one), listen(other)];
  const waiting = one.request('roomStats', { roomId: 'one' });
  killWorker(started, place);
  await waiting.catch((error) => expect(error).toMatchObject({ code: 'worker_lost' }));
  await expect.poll(() => eventsOfOne.length, { timeout: 20_000 }).toBe(1);
  expect(eventsOfOne).toEqual([{ type: 'workerLost' }]);
  expect(eventsOfOther).toEqual([]);
  await isServed(one);
  await expect.poll(() => started.gauges().every(({ ready }) => ready), { timeout: 20_000 }).toBe(true);
  expect(started.gauges()[place]?.restarts).toBe(1);
});

test('with one worker a request waits for its replacement', async () => {
  const started = await startPool(1);
  const room = started.room('room');
  await settle(started, room);
  const lost = new Promise((resolve) => room.on(resolve));
  killWorker(started, 0);
  await lost;
  expect(started.isReady()).toBe(false);
  expect(await ask(room)).not.toBe('worker_lost');
  await isServed(room);
});

test('a room that saw two workers die gets one of its own until it closes', async () => {
  const started = await startPool(1);
  const [hostile, peaceful] = [started.room('hostile'), started.room('peaceful')];
  for (let death = 0; death < 2; death += 1) {
    await isServed(hostile);
    const lost = new Promise((resolve) => hostile.on(resolve));
    killWorker(started, 0);
    await lost;
  }
  await isServed(peaceful);
  await isServed(hostile);
  expect(started.gauges().map(({ rooms }) => rooms)).toEqual([1, 1]);
  const peacefulEvents = listen(peaceful);
  const lost = new Promise((resolve) => hostile.on(resolve));
  killWorker(started, 1);
  await lost;
  await isServed(hostile);
  expect(peacefulEvents).toEqual([]);
  hostile.close();
  expect(started.gauges()).toHaveLength(1);
});

test('a worker that hangs is replaced', async () => {
  const started = await startPool(1);
  const { pid } = started.gauges()[0]!;
  process.kill(pid!, 'SIGSTOP');
  await expect.poll(() => started.gauges()[0]?.restarts, { timeout: 25_000 }).toBe(1);
  await expect.poll(() => started.isReady(), { timeout: 20_000 }).toBe(true);
});

test('close ends every process and open requests, twice without harm', async () => {
  const started = await startPool(2);
  const pids = started.gauges().map(({ pid }) => pid!);
  await started.close();
  await started.close();
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  await expect(started.room('late').request('roomStats', { roomId: 'late' })).rejects.toMatchObject({
    code: 'worker_lost',
  });
});
