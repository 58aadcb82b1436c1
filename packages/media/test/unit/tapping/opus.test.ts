import { expect, test } from 'vitest';
import { OPUS_SILENCE, OPUS_SILENCE_MS, opusDurationMs } from '../../../src/tapping/opus.js';

test.each([
  ['what Chromium sends: one frame of 20 ms, stereo', [0xfc], 20],
  ['two frames of 20 ms', [0x79], 40],
  ['two frames of different sizes', [0x7a], 40],
  ['six frames of 20 ms', [0x7b, 6], 120],
  ['a frame of 60 ms', [0x18], 60],
  ['a frame of 2.5 ms', [0xe0], 2.5],
  ['more than the format allows', [0x7b, 7], 0],
  ['nothing', [], 0],
])('a packet of %s', (_name, bytes, durationMs) => {
  expect(opusDurationMs(Uint8Array.from(bytes))).toBe(durationMs);
});

test('silence lasts as long as it says', () => {
  expect(opusDurationMs(OPUS_SILENCE)).toBe(OPUS_SILENCE_MS);
});
