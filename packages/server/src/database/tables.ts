import type { LivestreamSessionsTable, LivestreamsTable } from './tables/livestreams.js';
import type {
  AccountsTable,
  ApiTokensTable,
  AppsTable,
  BlocksTable,
  ConnectedPlacesTable,
  MeetingsTable,
  ParticipantsTable,
  PresetsTable,
  SigningKeysTable,
} from './tables/meetings.js';
import type {
  RecordingCuesTable,
  RecordingFilesTable,
  RecordingsTable,
  RecordingUploadsTable,
} from './tables/recordings.js';
import type {
  ChatFilesTable,
  ChatMessagesTable,
  PeerEventsTable,
  SessionEventsTable,
  SessionPeersTable,
  SessionsTable,
} from './tables/sessions.js';
import type { WebhookAttemptsTable, WebhookDeliveriesTable, WebhooksTable } from './tables/webhooks.js';

export type * from './tables/livestreams.js';
export type * from './tables/meetings.js';
export type * from './tables/recordings.js';
export type * from './tables/sessions.js';
export type * from './tables/webhooks.js';

/**
 * The tables as the query builder sees them; `migrations/` is their truth. The brands of the ids live here, so
 * that every query result carries them.
 */
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
  recording_cues: RecordingCuesTable;
  recording_files: RecordingFilesTable;
  recording_uploads: RecordingUploadsTable;
  livestreams: LivestreamsTable;
  livestream_sessions: LivestreamSessionsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_attempts: WebhookAttemptsTable;
}
