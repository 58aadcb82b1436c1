import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ParticipantId, PeerId } from '../../../src/ids.js';
import type { TrackOrder } from '../../../src/recordings/order.js';
import { readTrackName, trackStem } from '../../../src/recordings/tracks/names.js';
import { layersByName, trackRecording } from '../../../src/recordings/tracks/order.js';

describe('the name of a track (RC53)', () => {
  const participantId = randomUUID() as ParticipantId;
  const peerId = randomUUID() as PeerId;

  test.each(['default', 'call_1', '_', randomUUID()])(
    'says whose sound it is, with the prefix %s',
    (prefix) => {
      const stem = trackStem(prefix, { participantId, peerId, stream: 'screenshare' });
      expect(stem).toBe(`${prefix}_${participantId}_${peerId}_screenshare_audio`);
      expect(readTrackName(`${stem}_1760000000000.webm`)).toEqual({
        participantId,
        peerId,
        stream: 'screenshare',
        startedAtMs: 1_760_000_000_000,
      });
    },
  );

  test.each([
    'recorder.pid',
    'default_a_b_peer_audio_1.webm',
    `x_${participantId}_${peerId}_peer_audio_1.mp4`,
  ])('is not %s', (name) => expect(readTrackName(name)).toBeNull());
});

describe('the order of a recording of tracks (RC50, RC51)', () => {
  test('is by default everybody, for at most a day, in the own store', () => {
    expect(trackRecording({})).toMatchObject({
      type: 'TRACK',
      maxMs: 86_400_000,
      order: { layers: { default: { fileNamePrefix: 'default' } }, participantIds: null, ownStore: true },
    });
    expect(trackRecording({ layers: {} }).order).toMatchObject({ layers: { default: {} } });
  });

  test('takes ids in any spelling, and its longest time', () => {
    const id = randomUUID();
    expect(trackRecording({ user_ids: [id.toUpperCase()], max_seconds: 60 })).toMatchObject({
      maxMs: 60_000,
      order: { participantIds: [id] },
    });
  });

  test('knows its layers in one order, whatever a database makes of it', () => {
    const { order } = trackRecording({
      layers: { long: { file_name_prefix: 'x' }, b: {}, a: { file_name_prefix: 'y' } },
    });
    const reordered: TrackOrder = {
      ...(order as TrackOrder),
      layers: { a: { fileNamePrefix: 'y' }, b: { fileNamePrefix: 'default' }, long: { fileNamePrefix: 'x' } },
    };
    expect(layersByName(order as TrackOrder)).toEqual(layersByName(reordered));
    expect(layersByName(order as TrackOrder).map(({ name }) => name)).toEqual(['a', 'b', 'long']);
  });

  test('has no two layers whose files would have the same names', () => {
    expect(() => trackRecording({ layers: { a: {}, b: { file_name_prefix: 'default' } } })).toThrow(
      /layers\.b\.file_name_prefix/,
    );
  });
});
