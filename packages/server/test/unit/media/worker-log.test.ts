import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { cleanLine, WorkerLog } from '../../../src/media/worker-log.js';

const FAILED_CHECK =
  '[0x7f3c][1732243871.123][ERR]-RTPBundleTransport::Read() | STUN Message request failed authentication [pwd:5d8aF/yu+0]';

test('ICE passwords are redacted, and the native prefix is cut', () => {
  expect(cleanLine(FAILED_CHECK)).toBe(
    'ERR -RTPBundleTransport::Read() | STUN Message request failed authentication [pwd:[redacted]]',
  );
  expect(cleanLine('a=ice-pwd:t3RwOCPmpiBRCZd55/9SwVz9')).toBe('a=ice-pwd:[redacted]');
  expect(cleanLine('{"password": "hunter2"}')).not.toContain('hunter2');
});

test('dumps of packets and empty lines are dropped, and control characters never reach the log', () => {
  expect(cleanLine('')).toBeUndefined();
  expect(cleanLine('[0001][1.2][DBG][0008] [0x80   0x60   0x00   0x01]')).toBeUndefined();
  expect(cleanLine('bad\u001b[31mpacket')).toBe('bad?[31mpacket');
});

test('a flood passes a burst, then a slow rate, and says how much was left out', () => {
  let now = 0;
  const lines: string[] = [];
  const log = new WorkerLog(
    (line) => lines.push(line),
    () => now,
  );
  // 100 lines a second for 30 seconds.
  for (let count = 0; count < 3_000; count += 1) {
    log.line(FAILED_CHECK);
    now += 10;
  }
  expect(lines.length).toBeGreaterThan(20 + 50);
  expect(lines.length).toBeLessThan(20 + 65);
  const summaries = lines.filter((line) => line.endsWith('were left out'));
  expect(summaries.length).toBeGreaterThanOrEqual(2);
  expect(summaries.length).toBeLessThanOrEqual(3);
});

test('lines are put together from chunks, and an endless one does not fill the memory', async () => {
  const lines: string[] = [];
  const stream = new PassThrough();
  new WorkerLog((line) => lines.push(line)).follow(stream);
  stream.write('one\ntw');
  stream.write('o\n');
  for (let chunk = 0; chunk < 100; chunk += 1) stream.write('x'.repeat(10_000));
  stream.end('\nlast');
  await expect.poll(() => lines.length).toBe(4);
  expect(lines[0]).toBe('one');
  expect(lines[1]).toBe('two');
  expect(lines[2]?.length).toBeLessThanOrEqual(1_000);
  expect(lines[3]).toBe('last');
});
