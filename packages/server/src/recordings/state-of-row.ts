import type { Recording } from '@parley/core';
import type { Selectable } from 'kysely';
import type { RecordingsTable } from '../database/tables.js';

/** Between the states of a recording and the columns of its row. */

export type RecordingRow = Selectable<RecordingsTable>;

export function stateOfRow(row: RecordingRow): Recording {
  const { status } = row;
  const recordedMs = Number(row.recorded_ms);
  const startedAt = row.started_at?.getTime() ?? null;
  const ended = () => ({ startedAt, recordedMs, stoppedAt: known(row.stopped_at).getTime() });
  switch (status) {
    case 'INVOKED':
      return { status };
    case 'RECORDING':
      return {
        status,
        startedAt: known(row.started_at).getTime(),
        recordedMs,
        since: known(row.since).getTime(),
      };
    case 'PAUSED':
      return { status, startedAt: known(row.started_at).getTime(), recordedMs };
    case 'UPLOADING':
    case 'UPLOADED':
      return { status, ...ended(), stop: known(row.stop_reason) };
    case 'ERRORED':
      return { status, ...ended(), stop: row.stop_reason, error: known(row.error) };
  }
}

export function columnsOf(recording: Recording) {
  const ended = 'stoppedAt' in recording ? recording : null;
  const startedAt = recording.status === 'INVOKED' ? null : recording.startedAt;
  return {
    status: recording.status,
    started_at: startedAt === null ? null : new Date(startedAt),
    since: recording.status === 'RECORDING' ? new Date(recording.since) : null,
    recorded_ms: recording.status === 'INVOKED' ? 0 : recording.recordedMs,
    stopped_at: ended ? new Date(ended.stoppedAt) : null,
    stop_reason: ended?.stop ? JSON.stringify(ended.stop) : null,
    error: recording.status === 'ERRORED' ? JSON.stringify(recording.error) : null,
  };
}

function known<T>(value: T | null): T {
  if (value === null) throw new Error('A recording lacks what its status says it has.');
  return value;
}
