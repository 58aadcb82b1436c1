import type { Cue } from '../contract.js';
import type { PlacedCue } from './metadata-stream.js';

/** A stretch of time that is in the file, behind the one before it. */
export interface Stretch {
  startedAtMs: number;
  /** Absent for the last one of a recorder that was killed. */
  lengthMs?: number;
}

/**
 * Where in the file each moment is: the time since the beginning of its stretch, behind all stretches before it. What
 * falls between two of them belongs to the beginning of the second. No two share a moment, since players show the last
 * one of a moment only.
 */
export function placeCues(cues: readonly Cue[], stretches: readonly Stretch[]): PlacedCue[] {
  let last = -1;
  return cues.map(({ atMs, text }) => {
    last = Math.max(last + 1, timeInFile(atMs, stretches));
    return { atMs: last, text };
  });
}

function timeInFile(atMs: number, stretches: readonly Stretch[]): number {
  let before = 0;
  for (const [index, { startedAtMs, lengthMs = Number.POSITIVE_INFINITY }] of stretches.entries()) {
    const next = stretches[index + 1];
    if (!next || atMs < next.startedAtMs) return before + Math.min(Math.max(0, atMs - startedAtMs), lengthMs);
    before += Math.min(lengthMs, next.startedAtMs - startedAtMs);
  }
  return 0;
}
