import type { SessionEvent } from '../events.js';
import { RECORDING_CUE_MAX_BYTES, RECORDING_CUES_MAX, RECORDING_CUES_MAX_BYTES } from '../limits.js';
import type { ActiveRecording, Session, Timestamp } from '../state.js';
import { bytesOfText, tidy } from '../text.js';

/** The broadcast that recordings listen to, and the word by which it says that it was the last one. */
const CUE = 'ID3Data';
const CLOSE = 'CLOSE_TRANSPORT';

/**
 * What a broadcast to everybody means for the interactive recordings of a session: timed metadata of those that record
 * at this moment (features.md RC40, T12). It stands in the log before the sender is answered.
 */
export function recordingCues(
  session: Session,
  { kind, payload }: { kind: string; payload: Uint8Array },
  now: Timestamp,
): SessionEvent[] {
  if (kind !== CUE) return [];
  const listening = [...session.recordings.values()].filter(({ cues }) => cues && !cues.isClosed);
  if (listening.length === 0) return [];
  const text = textOf(payload);
  return listening.flatMap((active) => cueOf(active, text, now) ?? []);
}

function cueOf({ id, recording, cues }: ActiveRecording, text: string, at: Timestamp): SessionEvent | null {
  const isRecording = recording.status === 'RECORDING';
  if (text === CLOSE) {
    const hasBegun = isRecording || recording.status === 'PAUSED';
    return hasBegun ? { type: 'RecordingCuesClosed', at, recordingId: id, reason: 'asked' } : null;
  }
  if (!isRecording) return null;
  const bytes = bytesOfText(text);
  if (bytes > RECORDING_CUE_MAX_BYTES) return { type: 'RecordingCueDropped', at, recordingId: id, bytes };
  if (cues!.count >= RECORDING_CUES_MAX || cues!.bytes + bytes > RECORDING_CUES_MAX_BYTES) {
    return { type: 'RecordingCuesClosed', at, recordingId: id, reason: 'full' };
  }
  return { type: 'RecordingCueAdded', at, recordingId: id, text };
}

/** A string as it is, everything else as the JSON that it came in. */
function textOf(payload: Uint8Array): string {
  const json = new TextDecoder().decode(payload);
  const value: unknown = JSON.parse(json);
  return typeof value === 'string' ? tidy(value, value.length) : json;
}
