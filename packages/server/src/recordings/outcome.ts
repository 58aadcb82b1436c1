import type { RecordingError, StopDetail, StopReason } from '@parley/core';
import type { RecordedFile } from '@parley/recorder';

/** What a recorder process has left behind. */
export type Outcome =
  | { kind: 'finished'; files: RecordedFile[] }
  | { kind: 'failed'; error: RecordingError }
  /** Gone without a last event: what it has written has to be made into files by another one. */
  | { kind: 'lost'; reason: string };

export const RECORDING_APP: StopReason = { reason: 'API_CALL', caller: null, detail: 'recording_app' };
export const RECORDER_LOST: StopReason = { reason: 'INTERNAL_ERROR', caller: null, detail: 'recorder_lost' };
export const EMPTY: RecordingError = { code: 'empty', message: 'Nothing was recorded' };

export function errorOf(outcome: Outcome): RecordingError | null {
  if (outcome.kind === 'failed') return outcome.error;
  if (outcome.kind === 'finished') return null;
  return { code: 'recorder_lost', message: `The recorder was lost: ${outcome.reason}` };
}

/** Why nobody records any more what is still to be recorded; null when no recorder was heard of. */
export function lossOf(outcome: Outcome | null): StopDetail {
  if (!outcome) return 'server_restarted';
  return outcome.kind === 'failed' && outcome.error.code === 'disk_full' ? 'disk_full' : 'recorder_lost';
}
