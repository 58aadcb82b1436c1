import type { Timestamp } from './state.js';

/**
 * The livestream of a session from its start to its end (features.md LS01, LS04), as `recording.ts` does it. `liveMs` are
 * those in which there was something new to watch.
 */
export type Livestream =
  | { status: 'INVOKED' }
  /** There is something to watch; `liveMs` are those before `since`. */
  | { status: 'LIVE'; startedAt: Timestamp; liveMs: number; since: Timestamp }
  /** Who made it is gone, and comes back or gets a successor. */
  | { status: 'INTERRUPTED'; startedAt: Timestamp; liveMs: number }
  /** Not started when it was stopped before there was anything to watch. */
  | { status: 'ENDED'; startedAt: Timestamp | null; liveMs: number; stoppedAt: Timestamp }
  | {
      status: 'ERRORED';
      startedAt: Timestamp | null;
      liveMs: number;
      stoppedAt: Timestamp;
      error: LivestreamError;
    };

/** `code` is a stable word for programs, `message` a sentence for people. */
export interface LivestreamError {
  code: string;
  message: string;
}

/** What happens to a livestream after it was invoked. */
export type LivestreamChange =
  | { to: 'live' }
  /** `lastAt` is when there was something new for the last time, which may be long ago. */
  | { to: 'interrupted'; lastAt: Timestamp }
  | { to: 'stopped' }
  | { to: 'failed'; error: LivestreamError };

/** The livestream after a change, or null where the change does not fit its state. */
export function changeLivestream(
  livestream: Livestream,
  change: LivestreamChange,
  at: Timestamp,
): Livestream | null {
  if (livestream.status === 'ENDED' || livestream.status === 'ERRORED') return null;
  const startedAt = livestream.status === 'INVOKED' ? null : livestream.startedAt;
  switch (change.to) {
    case 'live':
      if (livestream.status === 'LIVE') return null;
      return { status: 'LIVE', startedAt: startedAt ?? at, liveMs: liveMs(livestream, at), since: at };
    case 'interrupted':
      if (livestream.status !== 'LIVE') return null;
      return {
        status: 'INTERRUPTED',
        startedAt: livestream.startedAt,
        // Never after now, whatever a clock has said in between.
        liveMs: liveMs(livestream, Math.min(change.lastAt, at)),
      };
    case 'stopped':
      return { status: 'ENDED', startedAt, liveMs: liveMs(livestream, at), stoppedAt: at };
    case 'failed':
      return {
        status: 'ERRORED',
        startedAt,
        liveMs: liveMs(livestream, at),
        stoppedAt: at,
        error: change.error,
      };
  }
}

function liveMs(livestream: Livestream, at: Timestamp): number {
  if (livestream.status === 'INVOKED') return 0;
  return livestream.liveMs + (livestream.status === 'LIVE' ? Math.max(0, at - livestream.since) : 0);
}
