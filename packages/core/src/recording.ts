import type { Timestamp } from './state.js';

/**
 * One recording from its start to its end (features.md RC04, RC05): a union of states that hold exactly what is
 * known in them, and one pure function for every change.
 */

/** features.md RC08; a recorder in a browser makes BROWSER, the media workers make TRACK. */
export type RecordingType = 'BROWSER' | 'TRACK' | 'COMPOSITE';

/** Who starts or stops a recording: a backend, or somebody in the session (features.md RC12). */
export type Caller = { type: 'ORGANIZATION' } | { type: 'USER'; participantId: string; name: string };

export interface StartReason {
  reason: 'API_CALL' | 'RECORD_ON_START';
  /** Null for a recording that began with its session. */
  caller: Caller | null;
}

/** The three reasons of RealtimeKit; `detail` is ours and says more exactly what happened. */
export interface StopReason {
  reason: 'API_CALL' | 'INTERNAL_ERROR' | 'ALL_PEERS_LEFT';
  caller: Caller | null;
  detail: StopDetail;
}

export type StopDetail =
  | 'stopped'
  | 'session_ended'
  | 'max_seconds'
  | 'nobody_left'
  | 'recording_app'
  | 'recorder_lost'
  | 'disk_full'
  | 'disk_slow'
  | 'server_restarted';

/** `code` is a stable word for programs, `message` a sentence for people. */
export interface RecordingError {
  code: string;
  message: string;
}

export type Recording =
  | { status: 'INVOKED' }
  /** `recordedMs` are those before `since`, pauses left out. */
  | { status: 'RECORDING'; startedAt: Timestamp; recordedMs: number; since: Timestamp }
  | { status: 'PAUSED'; startedAt: Timestamp; recordedMs: number }
  /** Not started when it was stopped before its recorder had begun. */
  | {
      status: 'UPLOADING';
      startedAt: Timestamp | null;
      recordedMs: number;
      stoppedAt: Timestamp;
      stop: StopReason;
    }
  | {
      status: 'UPLOADED';
      startedAt: Timestamp | null;
      recordedMs: number;
      stoppedAt: Timestamp;
      stop: StopReason;
    }
  /** Without a stop where nothing had begun that could be stopped. */
  | {
      status: 'ERRORED';
      startedAt: Timestamp | null;
      recordedMs: number;
      stoppedAt: Timestamp;
      stop: StopReason | null;
      error: RecordingError;
    };

export type RecordingStatus = Recording['status'];

/** How late a recorder's word that it records may be heard. */
const HEARD_LATE_MAX_MS = 10_000;

/** What happens to a recording after it was invoked. */
export type RecordingChange =
  /** With the time of the first picture or sound by the clock of the recorder, who may be heard late. */
  | { to: 'begun'; recordingSince?: Timestamp }
  | { to: 'paused' }
  | { to: 'resumed' }
  | { to: 'stopped'; stop: StopReason }
  /** All outputs are where they belong; `recordedMs` is what the files hold, where there are any. */
  | { to: 'uploaded'; recordedMs?: number }
  | { to: 'failed'; error: RecordingError };

/** The recording after a change, or null where the change does not fit its state. */
export function changeRecording(
  recording: Recording,
  change: RecordingChange,
  at: Timestamp,
): Recording | null {
  switch (change.to) {
    case 'begun': {
      if (recording.status !== 'INVOKED') return null;
      const since = beginning(change.recordingSince, at);
      return { status: 'RECORDING', startedAt: since, recordedMs: 0, since };
    }
    case 'paused':
      if (recording.status !== 'RECORDING') return null;
      return { status: 'PAUSED', startedAt: recording.startedAt, recordedMs: recordedMs(recording, at) };
    case 'resumed':
      if (recording.status !== 'PAUSED') return null;
      return { ...recording, status: 'RECORDING', since: at };
    case 'stopped':
      if (!isActive(recording)) return null;
      return {
        status: 'UPLOADING',
        startedAt: startOf(recording),
        recordedMs: recordedMs(recording, at),
        stoppedAt: at,
        stop: change.stop,
      };
    case 'uploaded':
      if (recording.status !== 'UPLOADING') return null;
      return { ...recording, status: 'UPLOADED', recordedMs: change.recordedMs ?? recording.recordedMs };
    case 'failed':
      if (recording.status === 'UPLOADED' || recording.status === 'ERRORED') return null;
      return {
        status: 'ERRORED',
        startedAt: startOf(recording),
        recordedMs: recordedMs(recording, at),
        stoppedAt: recording.status === 'UPLOADING' ? recording.stoppedAt : at,
        stop: recording.status === 'UPLOADING' ? recording.stop : null,
        error: change.error,
      };
  }
}

/** Whether the recording belongs to a live session: something may still be recorded. */
export function isActive(recording: Recording): boolean {
  return recording.status === 'INVOKED' || recording.status === 'RECORDING' || recording.status === 'PAUSED';
}

/** What was recorded until a moment, pauses left out (features.md RC18). */
export function recordedMs(recording: Recording, at: Timestamp): number {
  switch (recording.status) {
    case 'INVOKED':
      return 0;
    case 'RECORDING':
      return recording.recordedMs + Math.max(0, at - recording.since);
    default:
      return recording.recordedMs;
  }
}

/** A recorder that says something else than a moment ago has a clock of its own, which nobody else knows. */
const beginning = (since: Timestamp | undefined, now: Timestamp): Timestamp =>
  since !== undefined && since <= now && since >= now - HEARD_LATE_MAX_MS ? since : now;

const startOf = (recording: Recording): Timestamp | null =>
  recording.status === 'INVOKED' ? null : recording.startedAt;
