import { common, RoomEvent, type recording, type room } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import type { RecordingStatus } from '../recording.js';
import type { Session } from '../state.js';
import { type Effect, message } from './effects.js';
import { joined } from './receivers.js';

/** The words that the SDK takes over as its own state (protocol.md 5.2). */
const SHOWN: Partial<Record<RecordingStatus, string>> = {
  INVOKED: 'STARTING',
  RECORDING: 'RECORDING',
  PAUSED: 'PAUSED',
};

export function activeRecordings(session: Session | null): room.ActiveRecording[] {
  return [...(session?.recordings.values() ?? [])].map(({ id, type, recording }) => ({
    recordingId: id,
    recordingType: common.RecordingType[type],
    recordingStatus: SHOWN[recording.status] ?? 'STOPPING',
  }));
}

/** Everybody sees each change, whoever made it; a resume is told as a start (features.md RC08, protocol.md 17). */
export function viewOfRecording(
  session: Session,
  { recordingId, change, recordingType }: Extract<SessionEvent, { type: 'RecordingChanged' }>,
): Effect[] {
  const payload: recording.RecordingEvent = {
    recordingId,
    recordingType: common.RecordingType[recordingType],
    errMessage: change.to === 'failed' ? change.error.message : '',
  };
  const to = joined(session);
  switch (change.to) {
    case 'begun':
    case 'resumed':
      return [message(to, RoomEvent.recordingStarted, payload)];
    case 'paused':
      return [message(to, RoomEvent.recordingPaused, payload)];
    default:
      return [message(to, RoomEvent.recordingStopped, payload)];
  }
}
