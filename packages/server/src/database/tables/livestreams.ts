import type { RecordingError } from '@parley/core';
import type { ColumnType, Generated } from 'kysely';
import type {
  AppId,
  LivestreamId,
  LivestreamSessionId,
  MeetingId,
  ParticipantId,
  SessionId,
} from '../../ids.js';
import type { NullableJson, NullableTimestamp, Timestamp } from './columns.js';

/** What is watched at one address: of a meeting, which has one at the most, or of its own. */
export interface LivestreamsTable {
  id: LivestreamId;
  app_id: AppId;
  meeting_id: MeetingId | null;
  name: string | null;
  /** Follows the newest session; IDLE without one. */
  status: 'IDLE' | 'INVOKED' | 'LIVE' | 'ERRORED' | 'OFFLINE';
  disabled: Generated<boolean>;
  /** An encoder of the customer's sends the picture, in place of our recorder. */
  manual_ingest: boolean;
  /** Stays the same over all sessions. */
  playback_key: string;
  /** Sealed; bound to the id. */
  stream_key: string;
  /** SHA-256, by which the livestream of an encoder is found. */
  stream_key_hash: Buffer;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** A livestream from one start to its end. */
export interface LivestreamSessionsTable {
  id: LivestreamSessionId;
  livestream_id: LivestreamId;
  session_id: SessionId | null;
  /** Who the recorder is in the session; no row of `participants`, so that no list shows it. */
  livestreamer_id: ParticipantId | null;
  /** `LivestreamOrder` of `livestreams/order.ts`. */
  livestream_order: NullableJson<object>;
  status: 'INVOKED' | 'LIVE' | 'ENDED' | 'ERRORED';
  error: NullableJson<RecordingError>;
  /** Up to `since`. */
  ingest_ms: ColumnType<string, number | undefined, number>;
  /** Start of the present stretch; null while nothing comes in. */
  since: NullableTimestamp;
  viewer_seconds: Generated<number>;
  invoked_at: Timestamp;
  started_at: NullableTimestamp;
  stopped_at: NullableTimestamp;
  updated_at: Timestamp;
}
