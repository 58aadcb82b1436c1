import type { RecordingError, RecordingStatus, RecordingType, StartReason, StopReason } from '@parley/core';
import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type {
  AppId,
  BlockId,
  LivestreamId,
  LivestreamSessionId,
  MeetingId,
  ParticipantId,
  PeerId,
  PresetId,
  RecordingId,
  SessionId,
  WebhookId,
} from '../ids.js';

/**
 * The tables as the query builder sees them; `migrations/` is their truth. The brands of the ids live here, so
 * that every query result carries them.
 */
type Timestamp = ColumnType<Date, Date, Date>;
type NullableTimestamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
type Json<T extends object> = JSONColumnType<T, string, string>;
type NullableJson<T extends object> = ColumnType<T | null, string | null | undefined, string | null>;

export interface Database {
  accounts: AccountsTable;
  api_tokens: ApiTokensTable;
  signing_keys: SigningKeysTable;
  apps: AppsTable;
  presets: PresetsTable;
  meetings: MeetingsTable;
  participants: ParticipantsTable;
  connected_places: ConnectedPlacesTable;
  blocks: BlocksTable;
  sessions: SessionsTable;
  session_events: SessionEventsTable;
  session_peers: SessionPeersTable;
  peer_events: PeerEventsTable;
  chat_messages: ChatMessagesTable;
  chat_files: ChatFilesTable;
  recordings: RecordingsTable;
  recording_files: RecordingFilesTable;
  recording_uploads: RecordingUploadsTable;
  livestreams: LivestreamsTable;
  livestream_sessions: LivestreamSessionsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_attempts: WebhookAttemptsTable;
}

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

export interface SessionsTable {
  id: SessionId;
  app_id: AppId;
  meeting_id: MeetingId;
  /** The session of the main meeting that the session of a connected meeting belongs to. */
  parent_session_id: ColumnType<SessionId | null, SessionId | null | undefined, never>;
  title: string;
  status: 'LIVE' | 'ENDED';
  end_reason: string | null;
  /** Set by the end of a session in which somebody wrote, until that chat is cleared away. */
  has_chat: Generated<boolean>;
  live_participants: number;
  max_concurrent_participants: number;
  /** Participant-minutes of the peers that have left; live ones are added when read. */
  minutes_consumed: number;
  keep_alive_secs: number;
  /** Guards the log: a writer that does not know the last number has lost the session. */
  last_seq: ColumnType<string, number, number>;
  started_at: Timestamp;
  ended_at: NullableTimestamp;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface SessionEventsTable {
  session_id: SessionId;
  seq: ColumnType<string, number, number>;
  at: Timestamp;
  type: string;
  data: Json<object>;
}

export interface SessionPeersTable {
  session_id: SessionId;
  peer_id: PeerId;
  participant_id: ParticipantId;
  custom_participant_id: string;
  display_name: string;
  picture: string | null;
  preset_id: PresetId;
  preset_name: string;
  view_type: string;
  hidden: boolean;
  recorder_type: string;
  joined_at: Timestamp;
  /** Start of the present or last stay of a peer that had left and came back. */
  rejoined_at: NullableTimestamp;
  /** Minutes of the stays before that one. */
  earlier_minutes: Generated<number>;
  left_at: NullableTimestamp;
  leave_reason: string | null;
}

export interface PeerEventsTable {
  id: string;
  session_id: SessionId;
  peer_id: PeerId;
  participant_id: ParticipantId;
  event_name: 'PEER_CREATED' | 'PEER_JOINING' | 'PEER_LEAVING';
  view_type: string;
  created_at: Timestamp;
}

export interface ChatMessagesTable {
  id: string;
  meeting_id: MeetingId;
  session_id: SessionId;
  seq: ColumnType<string, number, number>;
  peer_id: PeerId;
  participant_id: ParticipantId;
  display_name: string;
  payload_type: number;
  payload: string;
  target_participant_ids: string[];
  pinned: Generated<boolean>;
  edited: Generated<boolean>;
  created_at: Timestamp;
  deleted_at: NullableTimestamp;
}

export interface ChatFilesTable {
  id: string;
  meeting_id: MeetingId;
  participant_id: ParticipantId;
  /** As its sender calls it. */
  name: string;
  /** As its sender says; null until the upload. */
  content_type: string | null;
  size_bytes: ColumnType<string | null, number | null | undefined, number | null>;
  created_at: Timestamp;
  upload_until: Timestamp;
  /** Set while an upload is under way and for ever after it: a link takes one upload. */
  claimed_at: NullableTimestamp;
  stored_at: NullableTimestamp;
  /** Null for files of a meeting that keeps its chat. */
  expires_at: NullableTimestamp;
}

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

export interface WebhooksTable {
  id: WebhookId;
  app_id: AppId;
  name: string;
  url: string;
  events: string[];
  enabled: boolean;
  created_at: Timestamp;
  updated_at: Timestamp;
}

export interface WebhookDeliveriesTable {
  /** Sent as `rtk-uuid`; the same for every attempt, so that receivers can drop repeats (features.md WB07). */
  id: string;
  position: ColumnType<string, never, never>;
  webhook_id: WebhookId;
  session_id: SessionId | null;
  event: string;
  body: string;
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  /** All attempts ever made, those before a redelivery by hand included. */
  attempts: Generated<number>;
  /** Attempts since the delivery was last queued; they pick the next wait. */
  round_attempts: Generated<number>;
  /** Of a leased delivery the time at which the lease ends. */
  next_attempt_at: Timestamp;
  /** A runner has taken it; also true when that runner has died since. */
  leased: Generated<boolean>;
  retry_until: Timestamp;
  created_at: Timestamp;
  finished_at: NullableTimestamp;
}

export interface WebhookAttemptsTable {
  delivery_id: string;
  attempt: number;
  at: Timestamp;
  duration_ms: number;
  http_status: number | null;
  error: string | null;
}
