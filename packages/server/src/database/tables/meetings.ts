import type { ColumnType, Generated } from 'kysely';
import type { AppId, BlockId, MeetingId, ParticipantId, PresetId, SessionId } from '../../ids.js';
import type { Json, NullableJson, NullableTimestamp, Timestamp } from './columns.js';

export interface AccountsTable {
  id: string;
  name: string;
  created_at: Generated<Date>;
}

export interface ApiTokensTable {
  id: string;
  account_id: string;
  name: string;
  /** SHA-256 of the token; the token itself is shown once and never stored. */
  token_hash: Buffer;
  permissions: string[];
  created_at: Generated<Date>;
  revoked_at: NullableTimestamp;
}

export interface SigningKeysTable {
  purpose: 'participant-token' | 'webhook' | 'file-link';
  private_key: string;
  created_at: Generated<Date>;
}

export interface AppsTable {
  id: AppId;
  account_id: string;
  name: string;
  recording_config: NullableJson<object>;
  created_at: Timestamp;
}

export interface PresetsTable {
  id: PresetId;
  app_id: AppId;
  name: string;
  config: Json<object>;
  permissions: Json<object>;
  ui: Json<object>;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface MeetingsTable {
  id: MeetingId;
  app_id: AppId;
  title: string | null;
  status: 'ACTIVE' | 'INACTIVE';
  record_on_start: boolean;
  live_stream_on_start: boolean;
  persist_chat: boolean;
  summarize_on_end: boolean;
  transcribe_on_end: boolean;
  session_keep_alive_time_in_secs: number;
  preferred_region: string | null;
  /** Additions of ours; null when the backend has never set them. */
  locked: ColumnType<boolean | null, boolean | null | undefined, boolean | null>;
  max_participants: ColumnType<number | null, number | null | undefined, number | null>;
  max_session_minutes: ColumnType<number | null, number | null | undefined, number | null>;
  ends_at: NullableTimestamp;
  recording_config: NullableJson<object>;
  ai_config: NullableJson<object>;
  /** The main meeting of a connected meeting. */
  parent_meeting_id: ColumnType<MeetingId | null, MeetingId | null | undefined, never>;
  /** When a connected meeting was deleted by its people; its sessions stay. */
  closed_at: NullableTimestamp;
  created_at: Timestamp;
  updated_at: Timestamp;
}

/** Into which meeting of the family a participant was moved last, and in which session of the main meeting. */
export interface ConnectedPlacesTable {
  participant_id: ParticipantId;
  meeting_id: MeetingId;
  /** Null for the participant's own preset. */
  preset_id: PresetId | null;
  main_session_id: SessionId;
  moved_at: Timestamp;
}

export interface ParticipantsTable {
  id: ParticipantId;
  meeting_id: MeetingId;
  preset_id: PresetId;
  custom_participant_id: string;
  name: string | null;
  picture: string | null;
  created_at: Timestamp;
  updated_at: Timestamp;
  /** A tombstone: its tokens are refused as revoked rather than as unknown (features.md Q08). */
  deleted_at: NullableTimestamp;
}

/** Exactly one of the two participant columns is set; without a meeting the block holds in the whole app. */
export interface BlocksTable {
  id: BlockId;
  app_id: AppId;
  meeting_id: MeetingId | null;
  participant_id: ParticipantId | null;
  custom_participant_id: string | null;
  reason: string | null;
  expires_at: NullableTimestamp;
  created_at: Timestamp;
}
