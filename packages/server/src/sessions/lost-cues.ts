import type { SessionEvent } from '@parley/core';
import type { Logger } from 'pino';

/** Tells the operator of timed metadata that a recording does not take (features.md RC40). */
export function noteLostCues(log: Logger, event: SessionEvent): void {
  if (event.type === 'RecordingCueDropped') {
    const { recordingId, bytes } = event;
    log.warn({ recordingId, bytes }, 'Timed metadata is too long for a recording and was left out');
  }
  if (event.type === 'RecordingCuesClosed' && event.reason === 'full') {
    const { recordingId } = event;
    log.warn({ recordingId }, 'A recording has as much timed metadata as it takes; more is left out');
  }
}
