import type { FileHandle } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MAX_UNWRITTEN_BYTES } from '../../../src/limits.js';
import { TrackFile } from '../../../src/tapping/track-file.js';

const disk = vi.hoisted(() => ({ append: async (_bytes: Buffer): Promise<void> => {} }));

vi.mock('node:fs/promises', () => ({
  open: async () =>
    ({ appendFile: (bytes: Buffer) => disk.append(bytes), close: async () => {} }) as FileHandle,
}));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function frame(index: number, sizeBytes = 80) {
  return { data: Buffer.alloc(sizeBytes, 0xfc), positionMs: index * 20 };
}

test('frames are on their way to the disk within half a second, and nothing is ever written twice', async () => {
  const written: Buffer[] = [];
  disk.append = async (bytes) => void written.push(bytes);
  const file = await TrackFile.create('any');
  for (let index = 0; index < 10; index += 1) file.add(frame(index));
  await vi.advanceTimersByTimeAsync(500);
  const early = Buffer.concat(written).length;
  expect(early).toBeGreaterThan(800);
  file.add(frame(10));
  await file.close();
  expect(file.failure).toBeUndefined();
  expect(file.durationMs).toBe(220);
  expect(Buffer.concat(written).length).toBeGreaterThan(early + 80);
});

test('a full disk ends the file with its reason', async () => {
  disk.append = () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  const file = await TrackFile.create('any');
  file.add(frame(0));
  await vi.advanceTimersByTimeAsync(500);
  expect(file.failure).toMatchObject({ code: 'ENOSPC', message: 'no space left on device' });
  file.add(frame(1));
  await file.close();
  expect(file.durationMs).toBe(20);
});

test('a disk that does not keep up ends the file before memory grows', async () => {
  disk.append = () => new Promise(() => {});
  const file = await TrackFile.create('any');
  let index = 0;
  while (!file.failure && index < MAX_UNWRITTEN_BYTES) {
    file.add(frame(index, 1_200));
    index += 1;
  }
  expect(file.failure).toMatchObject({ code: 'ETIMEDOUT' });
  expect(index * 1_200).toBeLessThan(MAX_UNWRITTEN_BYTES + 2_400);
});
