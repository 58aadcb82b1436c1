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
  const endsAt = sessionEndsAt(session, limits);
  if (isOver(endsAt, now)) {
    return accept(...endForAll(state, session, BACKEND, 'TIME_LIMIT', now));
  }
  const told = session.timeWarning;
  const changed = told !== null && told.endsAt !== endsAt;
  const due = endsAt !== null && now >= nextMoment(session, limits, endsAt);
  return accept(...(changed || due ? [{ type: 'TimeLimitAnnounced', at: now, endsAt } as const] : []));
}

/** When `KeepTime` has something to do next; null when nothing is limited. May lie in the past. */
export function timeKeepingDueAt({ session, waiting }: MeetingState, limits: TimeLimits): Timestamp | null {
  if (!session) return waiting.size > 0 ? limits.endsAt : null;
  const endsAt = sessionEndsAt(session, limits);
  return endsAt === null ? null : nextMoment(session, limits, endsAt);
}

export function isOver(endsAt: Timestamp | null | undefined, now: Timestamp): boolean {
  return endsAt != null && now >= endsAt;
}

/** The earliest of the limits; null without any. */
export function sessionEndsAt(session: Session, limits: TimeLimits): Timestamp | null {
  const { maxSessionMs, endsAt, mainSession } = limits;
  const byLength = maxSessionMs === null ? null : session.startedAt + maxSessionMs;
  const ends = [byLength, endsAt, mainSession?.endsAt].filter((one) => one != null);
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * The first warning that was not given yet, or the end. A room that is opened after the main session was warned has its
 * people warned at once.
 */
function nextMoment(session: Session, { mainSession }: TimeLimits, endsAt: Timestamp): Timestamp {
  const isMains = mainSession !== undefined && mainSession.endsAt === endsAt;
  const since = session.timeWarning?.at ?? (isMains ? mainSession.startedAt : session.startedAt);
  const warnings = WARNED_AHEAD_MS.map((aheadMs) => endsAt - aheadMs);
  return warnings.find((at) => at > since) ?? endsAt;
}
