import { randomUUID } from 'node:crypto';
import type { ActiveRecording, Peer, Recording, Session } from '@parley/core';
import { beforeEach, expect, test, vi } from 'vitest';
import type { RecordingId } from '../../../src/ids.js';
import { MediaError } from '../../../src/media/media-pool.js';
import { trackRecording } from '../../../src/recordings/tracks/order.js';
import type { MeetingMedia } from '../../../src/sessions/meeting-media.js';
import { type TrackGap, TrackTaps } from '../../../src/sessions/track-taps.js';

const request = vi.fn<(name: string, args: Record<string, string>) => Promise<object>>();
const onFailure = vi.fn(async () => {});
const recorder = {
  folderOf: (id: RecordingId, layer: number) => `/recordings/${id}/${layer}`,
  closing: vi.fn<(id: RecordingId, closed: Promise<unknown>) => void>(),
  lastWriteMs: vi.fn(async (): Promise<number | null> => null),
  noteGap: vi.fn<(id: RecordingId, gap: TrackGap) => void>(),
  discard: vi.fn(),
};
let taps: TrackTaps;

beforeEach(() => {
  vi.clearAllMocks();
  request.mockResolvedValue({});
  taps = new TrackTaps({ request } as unknown as MeetingMedia, recorder, onFailure);
});

interface Sent {
  producerId: string;
  kind: 'audio' | 'video';
  screenShare: boolean;
}

function peerWith(...kinds: ('microphone' | 'camera' | 'screen sound')[]): Peer {
  const producers = kinds.map((kind): [string, Sent] => {
    const producerId = `${kind} ${randomUUID()}`;
    return [
      producerId,
      { producerId, kind: kind === 'camera' ? 'video' : 'audio', screenShare: kind === 'screen sound' },
    ];
  });
  return {
    peerId: randomUUID(),
    participantId: randomUUID(),
    producers: new Map(producers),
  } as unknown as Peer;
}

function recordingOf(call: Parameters<typeof trackRecording>[0], status: Recording['status'] = 'RECORDING') {
  return { ...trackRecording(call), recording: { status } } as ActiveRecording;
}

function sessionOf(peers: Peer[], recordings: ActiveRecording[]): Session {
  return {
    peers: new Map(peers.map((peer) => [peer.peerId, peer])),
    recordings: new Map(recordings.map((one) => [one.id, one])),
  } as unknown as Session;
}

const started = () => request.mock.calls.filter(([name]) => name === 'startTap').map(([, args]) => args);
const stopped = () => request.mock.calls.filter(([name]) => name === 'stopTap').map(([, { tapId }]) => tapId);

test('microphones and the sound of screens are written, cameras are not (RC50, RC53)', () => {
  const peer = peerWith('microphone', 'camera', 'screen sound');
  const recording = recordingOf({});
  taps.follow(sessionOf([peer], [recording]));
  const stem = `default_${peer.participantId}_${peer.peerId}`;
  expect(started().map(({ name, folder }) => [name, folder])).toEqual([
    [`${stem}_peer_audio`, `/recordings/${recording.id}/0`],
    [`${stem}_screenshare_audio`, `/recordings/${recording.id}/0`],
  ]);
});

test('only those on the list are written, whenever they come (RC51)', () => {
  const [listed, other, late] = [peerWith('microphone'), peerWith('microphone'), peerWith('microphone')];
  const recording = recordingOf({ user_ids: [listed.participantId, late.participantId] });
  taps.follow(sessionOf([listed, other], [recording]));
  taps.follow(sessionOf([listed, other, late], [recording]));
  const producers = [listed, late].map((peer) => [...peer.producers.keys()][0]);
  expect(started().map(({ producerId }) => producerId)).toEqual(producers);
});

test('nothing is asked of the worker in a session without recordings of tracks', () => {
  const browser = { ...recordingOf({}), type: 'BROWSER' } as ActiveRecording;
  taps.follow(sessionOf([peerWith('microphone')], []));
  taps.follow(sessionOf([peerWith('microphone')], [browser]));
  taps.follow(null);
  expect(request).not.toHaveBeenCalled();
});

test('each layer has its files, and a pause ends them', () => {
  const peer = peerWith('microphone');
  const recording = recordingOf({ layers: { a: { file_name_prefix: 'a' }, b: { file_name_prefix: 'b' } } });
  taps.follow(sessionOf([peer], [recording]));
  expect(started().map(({ folder }) => folder!.at(-1))).toEqual(['0', '1']);
  recording.recording = { ...recording.recording, status: 'PAUSED' } as Recording;
  taps.follow(sessionOf([peer], [recording]));
  expect(stopped()).toEqual(started().map(({ tapId }) => tapId));
});

test('the end of a session stops every tap, and says when the files are complete (RC54)', async () => {
  const recording = recordingOf({});
  taps.follow(sessionOf([peerWith('microphone'), peerWith('microphone')], [recording]));
  request.mockRejectedValueOnce(new MediaError('timeout', 'slow'));
  taps.follow(null);
  expect(recorder.closing).toHaveBeenCalledTimes(2);
  expect(recorder.closing.mock.calls[0]![0]).toBe(recording.id);
  await Promise.all(recorder.closing.mock.calls.map(([, closed]) => closed));
  // The one that took too long was asked again.
  expect(stopped()).toHaveLength(3);
});

test('after the loss of a worker new files begin, and the gap is noted once', () => {
  const before = peerWith('microphone');
  const recording = recordingOf({});
  taps.follow(sessionOf([before], [recording]));
  taps.lost(1_000);
  const after = peerWith('microphone', 'screen sound');
  taps.follow(sessionOf([after], [recording]));
  for (const { tapId } of started().slice(1)) {
    taps.onEvent({ type: 'tapFile', roomId: '', tapId: tapId!, file: 'f', startedAtMs: 9_000 });
  }
  expect(stopped()).toEqual([]);
  expect(recorder.noteGap.mock.calls).toEqual([
    [recording.id, { fromMs: 1_000, toMs: 9_000, reason: 'media_worker_lost' }],
  ]);
});

test('after a restart of the server the gap begins with the last bytes on the disk', async () => {
  recorder.lastWriteMs.mockResolvedValueOnce(5_000);
  const session = sessionOf([peerWith('microphone')], [recordingOf({})]);
  taps.resume(session);
  await vi.waitFor(() => expect(recorder.lastWriteMs).toHaveBeenCalledOnce());
  taps.follow(session);
  const tapId = started()[0]!.tapId!;
  taps.onEvent({ type: 'tapFile', roomId: '', tapId, file: 'f', startedAtMs: 9_000 });
  expect(recorder.noteGap.mock.calls[0]![1]).toEqual({
    fromMs: 5_000,
    toMs: 9_000,
    reason: 'server_restarted',
  });
});

const writeFails = (system: string) => {
  const recording = recordingOf({});
  taps.follow(sessionOf([peerWith('microphone')], [recording]));
  const failure = { code: system, error: 'the disk' };
  const tapId = started()[0]!.tapId!;
  taps.onEvent({ type: 'tapEnded', roomId: '', tapId, durationMs: 0, failure });
  return recording.id;
};

test.each([
  ['ENOSPC', 'disk_full'],
  ['EDQUOT', 'disk_full'],
  ['ETIMEDOUT', 'disk_slow'],
])('a disk that says %s stops the recording, and what was written is kept', async (system, detail) => {
  const id = writeFails(system);
  const stop = { reason: 'INTERNAL_ERROR', caller: null, detail };
  expect(onFailure).toHaveBeenCalledExactlyOnceWith(id, { to: 'stopped', stop });
  await onFailure.mock.results[0]!.value;
  expect(recorder.discard).not.toHaveBeenCalled();
});

test('a file that cannot be written for another reason fails its recording', async () => {
  const id = writeFails('EIO');
  const change = { to: 'failed', error: expect.objectContaining({ code: 'internal' }) };
  expect(onFailure).toHaveBeenCalledExactlyOnceWith(id, change);
  await vi.waitFor(() => expect(recorder.discard).toHaveBeenCalledWith(id));
});

test.each([
  ['a producer that is gone again', new MediaError('not_found', 'gone'), 0],
  ['a worker that was lost', new MediaError('worker_lost', 'gone'), 0],
  ['a worker that has no room', new MediaError('limit', 'A worker has at most 500 taps.'), 1],
])('%s is a failure or not', async (_what, error, failures) => {
  request.mockRejectedValueOnce(error);
  taps.follow(sessionOf([peerWith('microphone')], [recordingOf({})]));
  await Promise.allSettled(request.mock.results.map(({ value }) => value));
  expect(onFailure).toHaveBeenCalledTimes(failures);
});
