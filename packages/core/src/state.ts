import type { NewLivestream } from './commands.js';
import type { Livestream } from './livestream.js';
import { type Permissions, type PermissionsPatch, type Preset, patchPermissions } from './preset.js';
import type { Recording, RecordingType } from './recording.js';

/** Unix time in milliseconds; the rules get it passed in and never ask a clock. */
export type Timestamp = number;

/** A meeting between and during its sessions. Only the session is durable; waiting lasts as long as a socket. */
export interface MeetingState {
  readonly meetingId: string;
  session: Session | null;
  /** By peer id, in order of arrival. */
  readonly waiting: Map<string, WaitingPeer>;
}

/** The live instance of a meeting (features.md C08, C09). */
export interface Session {
  readonly id: string;
  readonly title: string;
  readonly startedAt: Timestamp;
  readonly keepAliveMs: number;
  /** Joined peers by peer id, in order of joining; a peer whose socket is lost stays for its grace period. */
  readonly peers: Map<string, Peer>;
  /** When the last peer that counts has left; the session ends `keepAliveMs` later (L02-L04). */
  emptySince: Timestamp | null;
  pinnedPeerId: string | null;
  /** What hosts have changed for a participant, for the rest of the session (features.md R36, OQ12). */
  readonly patches: Map<string, PermissionsPatch>;
  /** The last messages for late joiners, bounded by CHAT_HISTORY_MESSAGES and CHAT_HISTORY_MAX_CHARACTERS. */
  readonly chat: Map<string, ChatMessage>;
  /** Characters held by these messages together, for their bound. */
  chatCharacters: number;
  readonly polls: Map<string, Poll>;
  /** Store name -> key -> item; insertion order is kept (features.md T01-T06). */
  readonly stores: Map<string, Map<string, StoreItem>>;
  /** Bytes held by all stores together, keys included, for their bound. */
  storeBytes: number;
  /** Those that run, by id, in order of their starts. */
  readonly recordings: Map<string, ActiveRecording>;
  livestream: ActiveLivestream | null;
  /** Peer ids by voice, loudest first. */
  speakers: readonly string[];
  /** Kept as a number, like the next one, since a livestream may have thousands of viewers. */
  visiblePeers: number;
  /** Peers to whom the session is a livestream, on its stage or off it. */
  livestreamPeers: number;
  /** The number of visible peers that those were last told, and when; null before the first time. */
  peerCountTold: { count: number; at: Timestamp } | null;
  /** The end that everybody was last told of, and when; null before the first warning. */
  timeWarning: { endsAt: Timestamp; at: Timestamp } | null;
}

/** What the backend has set for a meeting's time, null for no limit; the earlier one counts. */
export interface TimeLimits {
  /** From the start of each session. */
  maxSessionMs: number | null;
  endsAt: Timestamp | null;
  /** Of a connected meeting while it is open: the session of the main meeting, with which its own ends. */
  mainSession?: { startedAt: Timestamp; endsAt: Timestamp | null };
}

/** Who a connection belongs to, from its token and its preset at the time of joining. */
export interface Identity {
  peerId: string;
  /** `userId` on the wire. */
  participantId: string;
  customParticipantId: string;
  displayName: string;
  picture: string | null;
  preset: Preset;
}

export interface WaitingPeer extends Identity {
  since: Timestamp;
  /** Accepted by a host; the client will ask to join again (protocol.md 9). */
  admitted: boolean;
}

/** features.md G01; numbers of the wire are the views' business. */
export type StageStatus = 'ON_STAGE' | 'OFF_STAGE' | 'REQUESTED_TO_JOIN_STAGE' | 'ACCEPTED_TO_JOIN_STAGE';

export interface Peer extends Identity {
  joinedAt: Timestamp;
  /** The preset's permissions with the session's patches put in. */
  permissions: Permissions;
  stage: StageStatus;
  /** Null while the socket is up. */
  lostAt: Timestamp | null;
  /** The media join is complete (M+20): the peer is told of producers. */
  mediaJoined: boolean;
  /** A host has muted everybody and forbidden to unmute (features.md X09). */
  unmuteForbidden: boolean;
  readonly producers: Map<string, Producer>;
}

export type ProducerKind = 'audio' | 'video';

export interface Producer {
  producerId: string;
  kind: ProducerKind;
  screenShare: boolean;
  paused: boolean;
  /** JSON text of the SDK, passed on as it is. */
  appData: string;
  mimeType: string;
  transportId: string;
}

/** features.md H02; payload types are those of the wire: 0 text, 1 image, 2 file, 3 custom. */
export interface ChatMessage {
  id: string;
  peerId: string;
  participantId: string;
  displayName: string;
  payloadType: number;
  payload: string;
  /** Empty for the whole room, else every participant who may read it, the author included. */
  targetParticipantIds: readonly string[];
  pinned: boolean;
  edited: boolean;
  sentAt: Timestamp;
}

export interface Poll {
  id: string;
  question: string;
  anonymous: boolean;
  hideVotes: boolean;
  createdBy: string;
  /** Empty for a poll made by the backend. */
  createdByParticipantId: string;
  options: readonly PollOption[];
  /** Participant ids that have voted. */
  readonly voted: Set<string>;
}

export interface PollOption {
  text: string;
  readonly votes: { participantId: string; name: string }[];
}

export interface StoreItem {
  key: string;
  /** JSON bytes, kept as text so that the log is readable; empty bytes mean an empty object to the SDK. */
  payload: string;
  peerId: string;
  at: Timestamp;
}

/** A recording until it is stopped or has failed; what comes after is no business of the session. */
export interface ActiveRecording {
  readonly id: string;
  readonly type: RecordingType;
  readonly maxMs: number | null;
  /** Null where it takes no timed metadata. */
  cues: CueTally | null;
  /** Passed on to whoever records and writes; no rule reads it. */
  readonly order: object;
  recording: Recording;
}

/** The timed metadata that a recording has taken so far (features.md RC40). */
export interface CueTally {
  count: number;
  bytes: number;
  /** No more is taken. */
  isClosed: boolean;
}

/** A livestream until it is stopped or has failed. */
export interface ActiveLivestream extends Readonly<NewLivestream> {
  livestream: Livestream;
}

export function emptyMeeting(meetingId: string): MeetingState {
  return { meetingId, session: null, waiting: new Map() };
}

/** What somebody may do in this session: the preset's permissions with the session's changes (features.md R36). */
export function permissionsIn(
  session: Session | null,
  who: Pick<Identity, 'participantId' | 'preset'>,
): Permissions {
  const patch = session?.patches.get(who.participantId);
  return patch ? patchPermissions(who.preset.permissions, patch) : who.preset.permissions;
}

/** What a message adds to the length of the history. */
export function charactersOf(message: ChatMessage): number {
  return message.targetParticipantIds.reduce((sum, id) => sum + id.length, message.payload.length);
}

const encoder = new TextEncoder();

/** What an item adds to the size of the stores. */
export function bytesOf(item: Pick<StoreItem, 'key' | 'payload'>): number {
  return encoder.encode(item.key).length + encoder.encode(item.payload).length;
}
