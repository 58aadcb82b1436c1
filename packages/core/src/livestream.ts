import type { Timestamp } from './state.js';

/** The livestream of a session from its start to its end (features.md LS01, LS04), as `recording.ts` does it. */
export type Livestream =
  | { status: 'INVOKED' }
  /** There is something to watch. */
  | { status: 'LIVE'; startedAt: Timestamp }
  /** Not started when it was stopped before there was anything to watch. */
  | { status: 'ENDED'; startedAt: Timestamp | null; stoppedAt: Timestamp }
  | { status: 'ERRORED'; startedAt: Timestamp | null; stoppedAt: Timestamp; error: LivestreamError };

/** `code` is a stable word for programs, `message` a sentence for people. */
export interface LivestreamError {
  code: string;
  message: string;
}

/** What happens to a livestream after it was invoked. */
export type LivestreamChange =
  | { to: 'live' }
  | { to: 'stopped' }
  /** `lastAt` is when there was something new to watch for the last time, where that was long ago. */
  | { to: 'failed'; error: LivestreamError; lastAt?: Timestamp };

/** The livestream after a change, or null where the change does not fit its state. */
export function changeLivestream(
  livestream: Livestream,
  change: LivestreamChange,
  at: Timestamp,
): Livestream | null {
  if (livestream.status === 'ENDED' || livestream.status === 'ERRORED') return null;
  const startedAt = livestream.status === 'LIVE' ? livestream.startedAt : null;
  switch (change.to) {
    case 'live':
      return livestream.status === 'INVOKED' ? { status: 'LIVE', startedAt: at } : null;
    case 'stopped':
      return { status: 'ENDED', startedAt, stoppedAt: at };
    case 'failed':
      return {
        status: 'ERRORED',
        startedAt,
        stoppedAt: endOf(change.lastAt, startedAt, at),
        error: change.error,
      };
  }
}

/** Never before its start, nor after now, whatever a clock has said in between. */
const endOf = (lastAt: Timestamp | undefined, startedAt: Timestamp | null, now: Timestamp): Timestamp =>
  Math.min(now, Math.max(lastAt ?? now, startedAt ?? now));
