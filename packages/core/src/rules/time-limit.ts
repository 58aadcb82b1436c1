import { BACKEND, type Command } from '../commands.js';
import { accept, type Decision } from '../decision.js';
import type { MeetingState, Session, TimeLimits, Timestamp } from '../state.js';
import { endForAll } from './leaving.js';
import { turnAwayWaiting } from './waiting-room.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** How long before its end a session is warned, where it is long enough. */
const WARNED_AHEAD_MS = [5 * 60_000, 60_000];

/**
 * Warns a session of its limit, ends it at the limit, and says so when a limit that was announced has changed. To
 * be given when `timeKeepingDueAt` says, and after each change of the limits; at any other time it does nothing.
 * A warning whose moment has passed unseen is given late rather than not at all. Who waits at the end is turned away.
 */
export function keepTime(state: MeetingState, { limits }: Of<'KeepTime'>, now: Timestamp): Decision {
  const { session } = state;
  if (!session) return accept(...(isOver(limits.endsAt, now) ? turnAwayWaiting(state, now) : []));
  const endsAt = endOf(session, limits);
  if (isOver(endsAt, now)) {
    return accept(...endForAll(state, session, BACKEND, 'TIME_LIMIT', now));
  }
  const told = session.timeWarning;
  const changed = told !== null && told.endsAt !== endsAt;
  const due = endsAt !== null && now >= nextMoment(session, endsAt);
  return accept(...(changed || due ? [{ type: 'TimeLimitAnnounced', at: now, endsAt } as const] : []));
}

/** When `KeepTime` has something to do next; null when nothing is limited. May lie in the past. */
export function timeKeepingDueAt({ session, waiting }: MeetingState, limits: TimeLimits): Timestamp | null {
  if (!session) return waiting.size > 0 ? limits.endsAt : null;
  const endsAt = endOf(session, limits);
  return endsAt === null ? null : nextMoment(session, endsAt);
}

export function isOver(endsAt: Timestamp | null | undefined, now: Timestamp): boolean {
  return endsAt != null && now >= endsAt;
}

/** The earlier of the two limits. */
function endOf(session: Session, { maxSessionMs, endsAt }: TimeLimits): Timestamp | null {
  const byLength = maxSessionMs === null ? null : session.startedAt + maxSessionMs;
  if (byLength === null || endsAt === null) return byLength ?? endsAt;
  return Math.min(byLength, endsAt);
}

/** The first warning that was not given yet, or the end. */
function nextMoment(session: Session, endsAt: Timestamp): Timestamp {
  const since = session.timeWarning?.at ?? session.startedAt;
  const warnings = WARNED_AHEAD_MS.map((aheadMs) => endsAt - aheadMs);
  return warnings.find((at) => at > since) ?? endsAt;
}
