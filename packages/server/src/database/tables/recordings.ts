import type { RecordingError, RecordingStatus, RecordingType, StartReason, StopReason } from '@parley/core';
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { AppId, MeetingId, ParticipantId, PeerId, RecordingId, SessionId } from '../../ids.js';
import type { Json, NullableJson, NullableTimestamp, Timestamp } from './columns.js';

export interface RecordingsTable {
  id: RecordingId;
  app_id: AppId;
  meeting_id: MeetingId;
  session_id: SessionId;
  type: RecordingType;
  status: RecordingStatus;
  output_file_name: string;
  /** Who the recorder is in the session; no row of `participants`, so that no list shows it. */
  recorder_id: ParticipantId;
  /** What to record and where it goes, `RecordingOrder` of `recordings/order.ts`; no secret stands in it unsealed. */
  recording_order: Json<object>;
  start_reason: JSONColumnType<StartReason, string, never>;
  stop_reason: NullableJson<StopReason>;
  error: NullableJson<RecordingError>;
  /** Times in which the recorder was without its session. */
  gaps: ColumnType<RecordingGap[], string | undefined, string>;
  /** Null where it began in time. */
  start_delay: NullableJson<StartDelay>;
  /** Up to `since`, pauses left out; when it is over, what the files hold. */
  recorded_ms: ColumnType<string, number | undefined, number>;
  /** Start of the present stretch; null while nothing is recorded. */
  since: NullableTimestamp;
  invoked_at: Timestamp;
  started_at: NullableTimestamp;
  stopped_at: NullableTimestamp;
  uploaded_at: NullableTimestamp;
  /** End of the links and of the files behind them; null where the own store was not wanted. */
  expires_at: NullableTimestamp;
}

/** ISO 8601. */
export interface RecordingGap {
  from: string;
  to: string;
  reason: string;
}

/** Of a recording that takes long to begin, or did. */
export interface StartDelay {
  /** From the start of the recorder on. */
  seconds: number;
  reason: string;
}

/** Timed metadata of recordings whose files are still to be made. */
export interface RecordingCuesTable {
  recording_id: RecordingId;
  /** Of the event in the log of the session. */
  seq: ColumnType<string, number, never>;
  at: Timestamp;
  text: string;
}

export interface RecordingFilesTable {
  id: string;
  recording_id: RecordingId;
  kind: 'video' | 'audio';
  /** The next three are those of a track recording. */
  layer: string | null;
  participant_id: ParticipantId | null;
  peer_id: PeerId | null;
  name: string;
  size_bytes: ColumnType<string, number, number>;
  duration_ms: ColumnType<string, number, number>;
  /** From the own store. */
  removed_at: NullableTimestamp;
}

/** Files that also go to a storage of the customer's; a row for each of them. */
export interface RecordingUploadsTable {
  file_id: string;
  resume: NullableJson<object>;
  attempts: Generated<number>;
  next_attempt_at: Timestamp;
  error: string | null;
  finished_at: NullableTimestamp;
}
