const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** A delivery that keeps failing is tried for this long; the last attempt is made when the time is up. */
export const RETRY_WINDOW_MS = 24 * HOUR_MS;

/**
 * A claimed delivery belongs to its runner for this long. When the process dies in between, the delivery falls
 * due again after it, with the same id and body.
 */
export const LEASE_MS = 30 * SECOND_MS;

/** How long a delivery that waits behind another of its session is left alone before it is looked at again. */
export const PARKED_MS = LEASE_MS;

/** The waits between attempts, before jitter; the last one repeats until the retry window ends. */
export const RETRY_DELAYS_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  1 * HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  6 * HOUR_MS,
] as const;

/** Each wait is multiplied by a random factor between these two, so that receivers do not see retries in step. */
export const JITTER = { least: 0.8, most: 1.2 } as const;

/** A receiver's Retry-After can lengthen the wait up to this; it never shortens it. */
export const RETRY_AFTER_MAX_MS = HOUR_MS;

export interface FailedAttempt {
  /** Failed attempts since the delivery was last queued, this one included; 1 or more. */
  failedAttempts: number;
  now: Date;
  retryUntil: Date;
  /** What the receiver asked for, or null. */
  retryAfterMs: number | null;
  /** Between 0 (included) and 1. */
  random: number;
}

/** When to try again, or null when the retry window is over and the delivery has failed for good. */
export function nextAttemptAt(failed: FailedAttempt): Date | null {
  if (failed.now >= failed.retryUntil) return null;
  const place = Math.min(failed.failedAttempts, RETRY_DELAYS_MS.length) - 1;
  const jitter = JITTER.least + (JITTER.most - JITTER.least) * failed.random;
  const asked = Math.min(failed.retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
  const waitMs = Math.max(RETRY_DELAYS_MS[place]! * jitter, asked);
  return new Date(Math.min(failed.now.getTime() + Math.ceil(waitMs), failed.retryUntil.getTime()));
}

/** Reads a Retry-After header, which is a number of seconds or a date; null when it is neither. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * SECOND_MS;
  // Date.parse takes far more than HTTP's dates, such as "-1", for a date.
  const date = header.endsWith(' GMT') ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}
