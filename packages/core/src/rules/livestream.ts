import { isAbandoned } from '../apply.js';
import type { Actor, Command, NewLivestream } from '../commands.js';
import { accept, type Decision, mayAct, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { changeLivestream, type LivestreamChange } from '../livestream.js';
import type { ActiveLivestream, MeetingState, Session, Timestamp } from '../state.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** One livestream at a time (features.md LS01, LS07). It needs a session: there is nobody to be seen without one. */
export function checkLivestream(state: MeetingState, { by }: { by: Actor }): Decision {
  const refusal = mayAct(state, by, (permissions) => permissions.can_livestream);
  if (refusal) return refuse(refusal);
  return state.session!.livestream ? refuse('livestream_in_progress') : accept();
}

export function startLivestream(
  state: MeetingState,
  command: Of<'StartLivestream'>,
  now: Timestamp,
): Decision {
  const checked = checkLivestream(state, command);
  return 'refusal' in checked ? checked : accept(invoked(command.livestream, now));
}

/** The livestream that a meeting wants with each of its sessions (features.md LS06). */
export function livestreamOnStart(
  livestream: NewLivestream | null | undefined,
  now: Timestamp,
): SessionEvent[] {
  return livestream ? [invoked(livestream, now)] : [];
}

export function stopLivestream(state: MeetingState, command: Of<'StopLivestream'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.can_livestream);
  if (refusal) return refuse(refusal);
  const { livestream } = state.session!;
  return livestream ? accept(event(livestream, { to: 'stopped' }, now)) : refuse('livestream_unknown');
}

/** What its recorder reports, or its owner about it. */
export function followLivestream(
  state: MeetingState,
  { livestreamSessionId, change }: Of<'FollowLivestream'>,
  now: Timestamp,
): Decision {
  const active = state.session?.livestream;
  if (active?.id !== livestreamSessionId) return refuse('livestream_unknown');
  if (!changeLivestream(active.livestream, change, now)) return refuse('livestream_state');
  return accept(event(active, change, now));
}

/** Stops the livestream when nobody was there for `emptyMs`, as recordings do (features.md L14). */
export function stopDesertedLivestream(
  { session }: MeetingState,
  { emptyMs }: Of<'StopDesertedLivestream'>,
  now: Timestamp,
): Decision {
  if (!session || session.emptySince === null || !isAbandoned(session)) return accept();
  return now < session.emptySince + emptyMs ? accept() : accept(...endLivestream(session, now));
}

/** When `StopDesertedLivestream` has something to do next, as far as it is known now; null for never. */
export function nextLivestreamStop(session: Session, emptyMs: number): Timestamp | null {
  return session.livestream && session.emptySince !== null ? session.emptySince + emptyMs : null;
}

/** The end of a session, by whom and why ever, is the end of its livestream (features.md OQ23). */
export function endLivestream({ livestream }: Session, now: Timestamp): SessionEvent[] {
  return livestream ? [event(livestream, { to: 'stopped' }, now)] : [];
}

const invoked = (livestream: NewLivestream, now: Timestamp): SessionEvent => ({
  type: 'LivestreamInvoked',
  at: now,
  livestream,
});

function event(
  { id, livestreamId }: ActiveLivestream,
  change: LivestreamChange,
  now: Timestamp,
): SessionEvent {
  return { type: 'LivestreamChanged', at: now, livestreamSessionId: id, livestreamId, change };
}
