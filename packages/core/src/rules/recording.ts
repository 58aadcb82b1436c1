import { isAbandoned } from '../apply.js';
import { type Actor, BACKEND, type Command, type NewRecording } from '../commands.js';
import { accept, type Decision, mayAct, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { RECORDINGS_MAX } from '../limits.js';
import {
  type Caller,
  changeRecording,
  type RecordingChange,
  recordedMs,
  type StartReason,
  type StopReason,
} from '../recording.js';
import type { ActiveRecording, MeetingState, Session, Timestamp } from '../state.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/**
 * One recording of a type at a time, unless the caller wants more (features.md RC09). A recording needs a session:
 * there is nobody to be recorded without one.
 */
export function startRecording(state: MeetingState, command: Of<'StartRecording'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.can_record);
  if (refusal) return refuse(refusal);
  const { recordings } = state.session!;
  const { recording, allowMultiple } = command;
  const ofType = [...recordings.values()].filter((one) => one.type === recording.type);
  if (ofType.length > 0 && !allowMultiple) return refuse('recording_in_progress');
  if (recordings.size >= RECORDINGS_MAX) return refuse('too_many_recordings');
  const start: StartReason = { reason: 'API_CALL', caller: callerOf(state.session!, command.by) };
  return accept(invoked(recording, start, now));
}

/** The recording that a meeting wants with each of its sessions (features.md RC01, L25). */
export function recordingOnStart(recording: NewRecording | null | undefined, now: Timestamp): SessionEvent[] {
  return recording ? [invoked(recording, { reason: 'RECORD_ON_START', caller: null }, now)] : [];
}

export function controlRecording(
  state: MeetingState,
  command: Of<'ControlRecording'>,
  now: Timestamp,
): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.can_record);
  if (refusal) return refuse(refusal);
  const caller = callerOf(state.session!, command.by);
  const CHANGES: Record<typeof command.action, RecordingChange> = {
    pause: { to: 'paused' },
    resume: { to: 'resumed' },
    stop: { to: 'stopped', stop: { reason: 'API_CALL', caller, detail: 'stopped' } },
  };
  return changed(state, command.recordingId, CHANGES[command.action], now);
}

/** What the recorder reports, or its owner about it. */
export function followRecorder(state: MeetingState, command: Of<'FollowRecorder'>, now: Timestamp): Decision {
  return changed(state, command.recordingId, command.change, now);
}

/** Stops what has reached its longest time, and everything when nobody was there for `emptyMs` (RC11, L14). */
export function stopDueRecordings(
  state: MeetingState,
  command: Of<'StopDueRecordings'>,
  now: Timestamp,
): Decision {
  const { session } = state;
  if (!session) return accept();
  const isDeserted =
    session.emptySince !== null && isAbandoned(session) && now >= session.emptySince + command.emptyMs;
  if (isDeserted) return { events: stopAll(session, NOBODY_LEFT, now) };
  const due = [...session.recordings.values()].filter(
    ({ recording, maxMs }) => maxMs !== null && recordedMs(recording, now) >= maxMs,
  );
  const stop: StopReason = { reason: 'API_CALL', caller: null, detail: 'max_seconds' };
  return accept(...due.map((active) => event(active, { to: 'stopped', stop }, now)));
}

const NOBODY_LEFT: StopReason = { reason: 'ALL_PEERS_LEFT', caller: null, detail: 'nobody_left' };

/** The end of a session that everybody has left (features.md L13, L14). */
export const stopWithAbandonedSession = (session: Session, now: Timestamp): SessionEvent[] =>
  stopAll(session, NOBODY_LEFT, now);

/** The end of a session by somebody's hand ends its recordings at once (features.md E02, X13). */
export function stopWithSession(session: Session, by: Actor, now: Timestamp): SessionEvent[] {
  const caller = callerOf(session, by);
  return stopAll(session, { reason: 'API_CALL', caller, detail: 'session_ended' }, now);
}

function stopAll(session: Session, stop: StopReason, now: Timestamp): SessionEvent[] {
  return [...session.recordings.values()].map((active) => event(active, { to: 'stopped', stop }, now));
}

/** When `StopDueRecordings` has something to do next, as far as it is known now; null for never. */
export function nextRecordingStop(session: Session, emptyMs: number): Timestamp | null {
  if (session.recordings.size === 0) return null;
  const times = [...session.recordings.values()].flatMap(({ recording, maxMs }: ActiveRecording) =>
    recording.status === 'RECORDING' && maxMs !== null
      ? [recording.since + maxMs - recording.recordedMs]
      : [],
  );
  if (session.emptySince !== null) times.push(session.emptySince + emptyMs);
  return times.length > 0 ? Math.min(...times) : null;
}

function changed(state: MeetingState, id: string, change: RecordingChange, now: Timestamp): Decision {
  const active = state.session?.recordings.get(id);
  if (!active) return refuse('recording_unknown');
  if (!changeRecording(active.recording, change, now)) return refuse('recording_state');
  return accept(event(active, change, now));
}

function callerOf(session: Session, by: Actor): Caller {
  const peer = by === BACKEND ? undefined : session.peers.get(by);
  if (!peer) return { type: 'ORGANIZATION' };
  return { type: 'USER', participantId: peer.participantId, name: peer.displayName };
}

function invoked(recording: NewRecording, start: StartReason, now: Timestamp): SessionEvent {
  return { type: 'RecordingInvoked', at: now, recording, start };
}

function event({ id, type }: ActiveRecording, change: RecordingChange, now: Timestamp): SessionEvent {
  return { type: 'RecordingChanged', at: now, recordingId: id, recordingType: type, change };
}
