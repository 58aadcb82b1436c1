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
