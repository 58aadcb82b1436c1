import type { ParticipantId, PeerId } from '../../ids.js';

/** A microphone, or the sound of a shared screen. */
type StreamKind = 'peer' | 'screenshare';

export interface TrackName {
  participantId: ParticipantId;
  peerId: PeerId;
  stream: StreamKind;
  /** Unix ms of the first sound. */
  startedAtMs: number;
}

const ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const NAME = new RegExp(`^.+_(${ID})_(${ID})_(peer|screenshare)_audio_(\\d{1,15})\\.webm$`);

/** The name of a file up to its time, which the media worker adds (features.md RC53). */
export function trackStem(
  prefix: string,
  { participantId, peerId, stream }: Omit<TrackName, 'startedAtMs'>,
): string {
  return `${prefix}_${participantId}_${peerId}_${stream}_audio`;
}

/** Whose sound a file holds; null for a name that is not of a track. */
export function readTrackName(name: string): TrackName | null {
  const [, participantId, peerId, stream, startedAtMs] = NAME.exec(name) ?? [];
  if (!startedAtMs) return null;
  return {
    participantId: participantId as ParticipantId,
    peerId: peerId as PeerId,
    stream: stream as StreamKind,
    startedAtMs: Number(startedAtMs),
  };
}
