import { expect, test } from 'vitest';
import { readDescription } from '../../../src/sdp/description.js';
import { buildMediaTable, codecOfSection } from '../../../src/sdp/media-table.js';
import { readFixture } from '../../support/fixtures.js';

const { sections } = readDescription(readFixture('send-transport-offer'));

test("carries Opus, VP8, H264 and VP9 with the client's payload types", () => {
  const { audio, video } = buildMediaTable('send', sections);
  expect(audio.codecs.map(({ name, payloadType }) => [name, payloadType])).toEqual([['opus', 111]]);
  expect(
    video.codecs.map(({ name, payloadType, rtxPayloadType }) => [name, payloadType, rtxPayloadType]),
  ).toEqual([
    ['VP8', 96, 97],
    // Constrained baseline in packetisation mode 1, which is the third H264 that Chromium lists.
    ['H264', 108, 109],
    ['VP9', 98, 99],
  ]);
});

test('never negotiates the video-layers-allocation extension (media-engine 5.1)', () => {
  for (const direction of ['send', 'recv'] as const) {
    const { audio, video } = buildMediaTable(direction, sections);
    for (const { uri } of [...audio.extensions, ...video.extensions])
      expect(uri).not.toContain('layers-allocation');
  }
});

test("header extensions keep the client's ids, and each direction has its own", () => {
  const ids = (direction: 'send' | 'recv') => {
    const { audio, video } = buildMediaTable(direction, sections);
    return { audio: audio.extensions.map(({ id }) => id), video: video.extensions.map(({ id }) => id) };
  };
  // mid 4, audio level 1, send time 2, transport-wide 3, rid 10, repaired rid 11, orientation 13
  expect(ids('send')).toEqual({ audio: [4, 1, 2, 3], video: [4, 10, 11, 2, 3, 13] });
  expect(ids('recv')).toEqual({ audio: [4, 2], video: [4, 2, 3, 13] });
});

test('a produced m-line carries its own first codec, with retransmission only if it offers that itself', () => {
  const table = buildMediaTable('send', sections);
  const produced = readDescription(readFixture('produce-simulcast-offer')).sections[3]!;
  expect(codecOfSection(produced, table.video)).toMatchObject({
    name: 'VP8',
    payloadType: 96,
    rtxPayloadType: undefined,
  });
  expect(codecOfSection(sections[1]!, table.video)).toMatchObject({ name: 'VP8', rtxPayloadType: 97 });
});

test('an m-line with other payload types than the first description has no codec', () => {
  const table = buildMediaTable('send', sections);
  const moved = {
    ...sections[1]!,
    codecs: sections[1]!.codecs.map((codec) => ({ ...codec, payloadType: 35 })),
  };
  expect(codecOfSection(moved, table.video)).toBeUndefined();
});

test('a client without video has an empty table for it', () => {
  expect(buildMediaTable('send', [sections[0]!]).video).toEqual({ codecs: [], extensions: [] });
});
