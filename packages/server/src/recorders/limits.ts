/** How long a recorder may take, in milliseconds. */
export interface RecorderLimits {
  /** From the start of the process to its first recorded moment. */
  startMs: number;
  /** The same for a recording app of a customer's, which may take two minutes itself (features.md RC39). */
  appStartMs: number;
  /** From the order to stop to the last event. */
  stopMs: number;
  /** Without a sign of life from a recorder that has given one. */
  silenceMs: number;
  /** Until a full disk may have room again. */
  diskRetryMs: number;
}

export const RECORDER_LIMITS: RecorderLimits = {
  startMs: 60_000,
  appStartMs: 130_000,
  stopMs: 600_000,
  silenceMs: 30_000,
  diskRetryMs: 60_000,
};
