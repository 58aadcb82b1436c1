import type { NewLivestream, NewRecording } from './commands.js';
import type { LivestreamChange } from './livestream.js';
import type { PermissionsPatch } from './preset.js';
import type { RecordingChange, RecordingType, StartReason } from './recording.js';
import type {
  ChatMessage,
  Identity,
  Poll,
  Producer,
  StageStatus,
  StoreItem,
  Timestamp,
  WaitingPeer,
} from './state.js';

/** Why a peer is no longer in the session; shown in reports and never to other peers. */
export type LeaveReason = 'left' | 'kicked' | 'connection_lost' | 'moved';

/** Where a moved peer's participant belongs from now on; its own preset where there is none. */
export interface MovedTo {
  participantId: string;
  meetingId: string;
  presetId: string | null;
}

/** The reasons of the webhook `meeting.ended` (features.md L10), and the one that is an addition of ours. */
export type EndReason = 'HOST_ENDED_MEETING' | 'ALL_PARTICIPANTS_LEFT' | 'TIME_LIMIT';

/** Written to the session's log before anybody is told; a replay of them gives the session back. */
export type DurableEvent =
  /** `mainSessionId` is the session of the main meeting that the session of a connected meeting belongs to. */
  | {
      type: 'SessionStarted';
      at: Timestamp;
      sessionId: string;
      title: string;
      keepAliveMs: number;
      mainSessionId?: string;
    }
  | { type: 'PeerJoined'; at: Timestamp; peer: Identity; stage: StageStatus }
  /** `hidden` when the others never knew of the peer; `requestedStage` when its request is open and now void. */
  | {
      type: 'PeerLeft';
      at: Timestamp;
      peerId: string;
      reason: LeaveReason;
      hidden: boolean;
      requestedStage?: true;
      /** With reason `moved`. */
      movedTo?: MovedTo;
    }
  /** Every peer leaves with it; `peerIds` are those that were still in, for the record. */
  | { type: 'SessionEnded'; at: Timestamp; reason: EndReason; peerIds: string[] }
  | {
      type: 'StageStatusChanged';
      at: Timestamp;
      peerId: string;
      stage: StageStatus;
      answer?: 'granted' | 'denied';
    }
  | { type: 'PeerPinned'; at: Timestamp; peerId: string | null }
  | { type: 'PermissionsChanged'; at: Timestamp; participantId: string; patch: PermissionsPatch }
  | { type: 'UnmuteForbidden'; at: Timestamp; peerIds: string[] }
  | { type: 'UnmuteAllowed'; at: Timestamp; peerIds: string[] }
  | { type: 'ChatMessageSent'; at: Timestamp; message: ChatMessage; toPeerIds: string[] | null }
  /** `older` is the message before the change, when the state has dropped it. */
  | { type: 'ChatMessageEdited'; at: Timestamp; messageId: string; payload: string; older?: ChatMessage }
  /** `targetParticipantIds` are those of the message, for who may hear of it. */
  | { type: 'ChatMessageDeleted'; at: Timestamp; messageId: string; targetParticipantIds: readonly string[] }
  | { type: 'ChatMessagePinned'; at: Timestamp; messageId: string; pinned: boolean; older?: ChatMessage }
  | { type: 'PollCreated'; at: Timestamp; poll: Omit<Poll, 'voted'> }
  | { type: 'PollVoted'; at: Timestamp; pollId: string; option: number; participantId: string; name: string }
  | { type: 'StoreItemsSet'; at: Timestamp; store: string; items: StoreItem[] }
  | { type: 'StoreItemsDeleted'; at: Timestamp; store: string; keys: string[]; peerId: string }
  | { type: 'RecordingInvoked'; at: Timestamp; recording: NewRecording; start: StartReason }
  | {
      type: 'RecordingChanged';
      at: Timestamp;
      recordingId: string;
      recordingType: RecordingType;
      change: RecordingChange;
    }
  /** A recording takes timed metadata: `text` belongs to this moment of it. */
  | { type: 'RecordingCueAdded'; at: Timestamp; recordingId: string; text: string }
  | { type: 'RecordingCuesClosed'; at: Timestamp; recordingId: string; reason: 'asked' | 'full' }
  | { type: 'LivestreamInvoked'; at: Timestamp; livestream: NewLivestream }
  | {
      type: 'LivestreamChanged';
      at: Timestamp;
      livestreamSessionId: string;
      livestreamId: string;
      change: LivestreamChange;
    };

/** Bound to sockets and transports: true only while those live, so a replay begins without them. */
type EphemeralEvent =
  | { type: 'WaitingStarted'; at: Timestamp; peer: WaitingPeer }
  | { type: 'WaitingAccepted'; at: Timestamp; peerIds: string[] }
  | { type: 'WaitingDenied'; at: Timestamp; peerIds: string[] }
  | { type: 'WaitingStopped'; at: Timestamp; peerId: string }
  | { type: 'PeerConnectionLost'; at: Timestamp; peerId: string }
  | { type: 'PeerReconnected'; at: Timestamp; peerId: string }
  | { type: 'MediaJoined'; at: Timestamp; peerId: string }
  | { type: 'MediaLeft'; at: Timestamp; peerId: string }
  | { type: 'ProducerAdded'; at: Timestamp; peerId: string; producer: Producer }
  | {
      type: 'ProducerToggled';
      at: Timestamp;
      peerId: string;
      producerId: string;
      paused: boolean;
      by: string;
    }
  | { type: 'ProducerClosed'; at: Timestamp; peerId: string; producerId: string }
  | { type: 'SpeakersChanged'; at: Timestamp; peerIds: string[] }
  /** How many peers can be seen, for those to whom the session is a livestream. */
  | { type: 'PeersCounted'; at: Timestamp; count: number }
  /** Null when the limit that was announced before is gone. */
  | { type: 'TimeLimitAnnounced'; at: Timestamp; endsAt: Timestamp | null }
  | { type: 'SpeechTranscribed'; at: Timestamp; peerId: string; text: string; isPartial: boolean }
  | {
      type: 'MessageBroadcast';
      at: Timestamp;
      from: string;
      kind: string;
      payload: Uint8Array;
      to: string[] | null;
    }
  /** Timed metadata that is too long for a recording. */
  | { type: 'RecordingCueDropped'; at: Timestamp; recordingId: string; bytes: number };

export type SessionEvent = DurableEvent | EphemeralEvent;

const EPHEMERAL: Record<EphemeralEvent['type'], true> = {
  WaitingStarted: true,
  WaitingAccepted: true,
  WaitingDenied: true,
  WaitingStopped: true,
  PeerConnectionLost: true,
  PeerReconnected: true,
  MediaJoined: true,
  MediaLeft: true,
  ProducerAdded: true,
  ProducerToggled: true,
  ProducerClosed: true,
  SpeakersChanged: true,
  PeersCounted: true,
  TimeLimitAnnounced: true,
  SpeechTranscribed: true,
  MessageBroadcast: true,
  RecordingCueDropped: true,
};

/** Not logged by an explicit mark on the type, so that nothing skips the log by accident. */
export function isDurable(event: SessionEvent): event is DurableEvent {
  return !(event.type in EPHEMERAL);
}
