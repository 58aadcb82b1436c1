import type { ColumnType, Generated } from 'kysely';
import type { AppId, MeetingId, ParticipantId, PeerId, PresetId, SessionId } from '../../ids.js';
import type { Json, NullableTimestamp, Timestamp } from './columns.js';

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
