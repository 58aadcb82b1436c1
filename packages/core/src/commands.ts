import type { LivestreamChange } from './livestream.js';
import type { PermissionsPatch } from './preset.js';
import type { RecordingChange, RecordingType } from './recording.js';
import type { ChatMessage, Identity, ProducerKind, TimeLimits, Timestamp } from './state.js';

/** The backend, which needs no permission of a preset. */
export const BACKEND = Symbol('backend');
/** Who gives a command: a joined peer, whose permissions are checked, or the backend through the REST API. */
export type Actor = string | typeof BACKEND;

/** What a host may switch off for others: one permission of the preset each (features.md R02-R04). */
export type MutableMedia = 'audio' | 'video' | 'screenshare';

/** A recording to be begun. */
export interface NewRecording {
  id: string;
  type: RecordingType;
  /** Longest time without pauses; null without a limit. */
  maxMs: number | null;
  /** Whether it takes timed metadata, which people broadcast (features.md RC40). */
  interactive?: boolean;
  /** What the recorder is to do and where the files are to go: passed on, and no business of the rules. */
  order: object;
}

/** A livestream to be begun. */
export interface NewLivestream {
  /** Of this run. */
  id: string;
  /** Of the livestream, which stays the same over all its runs; the clients know it by this one. */
  livestreamId: string;
  /** Empty for none. */
  name: string;
  /** Where it will be watched. */
  playbackUrl: string;
  /** Somebody sends the picture from elsewhere, and no recorder comes. */
  manualIngest: boolean;
  /** What the recorder is to do: passed on, and no business of the rules. */
  order: object;
}

/** Whom to move; without a preset they keep the one they have, and in the main room get their own back. */
export interface Move {
  participantId: string;
  presetId: string | null;
}

/** Ids that a command may need are made by the caller, since the rules have no randomness of their own. */
export type Command =
  /** Also the way back after a lost socket, and the second try after waiting. */
  | {
      type: 'Join';
      who: Identity;
      /** Null for who may only come into a session that runs, as recorders. */
      newSession: {
        id: string;
        title: string;
        keepAliveMs: number;
        mainSessionId?: string;
        /** Begins with the session, when it is a participant who starts it. */
        recording?: NewRecording | null;
        /** The same. */
        livestream?: NewLivestream | null;
      } | null;
      /** A limit of the meeting's own; recorders are not counted. */
      maxParticipants?: number | null;
      /** From then on nobody new comes in. */
      endsAt?: Timestamp | null;
      /** Moved here by right from a connected meeting: neither the waiting room nor that limit is for it. */
      invited?: boolean;
    }
  | { type: 'Leave'; peerId: string }
  /** The socket broke; the peer has its grace period to come back. */
  | { type: 'LoseConnection'; peerId: string }
  /** The grace period of a lost peer is over. */
  | { type: 'GiveUpPeer'; peerId: string; graceMs: number }
  /** The keep-alive time of an empty session is over. */
  | { type: 'EndIfAbandoned' }
  /** A limit of the meeting's time may be near or reached, or was changed. */
  | { type: 'KeepTime'; limits: TimeLimits }
  /** A livestream's people may have to be told how many they are. */
  | { type: 'TellPeerCount' }
  | { type: 'AcceptWaiting'; by: string; participantIds: string[] }
  | { type: 'DenyWaiting'; by: Actor; participantIds: string[] | 'everybody' }
  | { type: 'KickPeers'; by: Actor; peerIds: string[] }
  | { type: 'EndSession'; by: Actor }
  /** Takes people out of this meeting, for the one that they are let into from now on. */
  | { type: 'MoveOut'; moves: Move[] | 'everybody'; to: { meetingId: string; isMain: boolean } }
  | {
      type: 'MutePeers';
      by: Actor;
      peerIds: string[] | 'everybody';
      what: MutableMedia[];
      forbidUnmute: boolean;
    }
  | { type: 'PinPeer'; by: string; peerId: string | null }
  | { type: 'ChangePermissions'; by: string; changes: { participantId: string; patch: PermissionsPatch }[] }
  | { type: 'RequestStage'; by: string }
  | { type: 'CancelStageRequest'; by: string }
  | { type: 'GrantStage'; by: string; participantIds: string[] }
  | { type: 'DenyStage'; by: string; participantIds: string[] }
  | { type: 'JoinStage'; by: string }
  | { type: 'LeaveStage'; by: string; participantIds: string[] }
  | { type: 'JoinMedia'; by: string }
  /** Also the start of a media join after a reconnect, whose old producers are void (protocol.md 5.4). */
  | { type: 'LeaveMedia'; by: string }
  /** Before the media worker is asked; nothing changes, and a refusal is all it can give. */
  | { type: 'CheckProduce'; by: string; kind: ProducerKind; screenShare: boolean }
  | {
      type: 'AddProducer';
      by: string;
      producerId: string;
      kind: ProducerKind;
      screenShare: boolean;
      paused: boolean;
      appData: string;
      mimeType: string;
      transportId: string;
    }
  | { type: 'ToggleProducer'; by: string; producerId: string; paused: boolean }
  | { type: 'CloseProducers'; by: string; producerIds: string[] }
  | { type: 'RankSpeakers'; peerIds: string[] }
  | {
      type: 'SendChat';
      by: string;
      messageId: string;
      payloadType: number;
      payload: string;
      toPeerIds: string[] | null;
    }
  /**
   * `older` is the message as it was written when the session's memory has dropped it; whoever gives it sees to it
   * that nothing else changes the message meanwhile.
   */
  | { type: 'EditChat'; by: string; messageId: string; payload: string; older?: ChatMessage }
  | { type: 'DeleteChat'; by: string; messageId: string; older?: ChatMessage }
  | { type: 'PinChat'; by: string; messageId: string; pinned: boolean; older?: ChatMessage }
  | {
      type: 'CreatePoll';
      by: Actor;
      pollId: string;
      question: string;
      options: string[];
      anonymous: boolean;
      hideVotes: boolean;
    }
  | { type: 'VotePoll'; by: string; pollId: string; option: number }
  | { type: 'SetStoreItems'; by: string; store: string; items: { key: string; payload: string }[] }
  | { type: 'DeleteStoreItems'; by: string; store: string; keys: string[] }
  | { type: 'StartRecording'; by: Actor; recording: NewRecording; allowMultiple: boolean }
  | { type: 'ControlRecording'; by: Actor; recordingId: string; action: 'stop' | 'pause' | 'resume' }
  /** What became of a recording by itself, as its recorder tells or its owner finds out. */
  | { type: 'FollowRecorder'; recordingId: string; change: RecordingChange }
  /** A recording has reached its longest time, or nobody was there for `emptyMs`. */
  | { type: 'StopDueRecordings'; emptyMs: number }
  /** Before a livestream is made ready; nothing changes, and a refusal is all it can give. */
  | { type: 'CheckLivestream'; by: Actor }
  | { type: 'StartLivestream'; by: Actor; livestream: NewLivestream }
  | { type: 'StopLivestream'; by: Actor }
  /** What became of a livestream by itself, as for a recording. */
  | { type: 'FollowLivestream'; livestreamSessionId: string; change: LivestreamChange }
  /** Nobody was there for `emptyMs`. */
  | { type: 'StopDesertedLivestream'; emptyMs: number }
  /** An engine of the backend's has heard a participant say this; a partial text is replaced by the next one. */
  | { type: 'Transcribe'; participantId: string; text: string; isPartial: boolean }
  | { type: 'Broadcast'; by: string; kind: string; payload: Uint8Array; toPeerIds: string[] | null }
  /** A broadcast from a connected meeting, where it was judged. */
  | { type: 'Relay'; from: string; kind: string; payload: Uint8Array };
