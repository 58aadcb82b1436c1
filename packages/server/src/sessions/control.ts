import type { AppId, MeetingId, ParticipantId } from '../ids.js';
import type { BlockedWho, BlockScope } from './blocks.js';

/** Who a backend wants removed or muted: both lists together name at least one participant. */
export interface ParticipantSelection {
  participantIds: string[];
  customParticipantIds: string[];
}

/** A participant of the answer to kick and mute (features.md K16-K22). */
export interface AffectedParticipant {
  id: ParticipantId;
  name: string | null;
  picture: string | null;
  created_at: Date;
  updated_at: Date;
}

export interface NewPoll {
  question: string;
  options: string[];
  anonymous: boolean;
  hide_votes: boolean;
}

export interface PollView {
  id: string;
  question: string;
  options: { text: string; count: number; votes: { id: string; name: string }[] }[];
  anonymous: boolean;
  hide_votes: boolean;
  created_by: string;
  voted: string[];
}

/**
 * What the management API may do to a live session. To kick and mute by id the rooms of a main meeting belong to its
 * session. Every method answers after its effects are committed, and
 * throws an ApiError of 404 when the meeting has no live session (features.md K26, X05, OQ01).
 */
export interface SessionControl {
  /** 404 `No user found with id <id>` when none of the listed ids is in the session (K23). */
  kick(meetingId: MeetingId, who: ParticipantSelection): Promise<AffectedParticipant[]>;
  /** Kicks as above, after `block` has written blocks; whoever joins meanwhile is removed or refused. */
  kickForGood(
    meetingId: MeetingId,
    who: ParticipantSelection,
    block: () => Promise<void>,
  ): Promise<AffectedParticipant[]>;
  /** Ends the session; answers the number of peers removed (features.md E13, CF31). */
  kickAll(meetingId: MeetingId): Promise<number>;
  mute(meetingId: MeetingId, who: ParticipantSelection): Promise<AffectedParticipant[]>;
  muteAll(meetingId: MeetingId, allowUnmute: boolean): Promise<number>;
  /** Tells everybody in the session what a participant has said; it is not kept (features.md A01, A02). */
  transcribe(
    meetingId: MeetingId,
    line: { participantId: string; text: string; isPartial: boolean },
  ): Promise<void>;
  createPoll(meetingId: MeetingId, poll: NewPoll): Promise<PollView>;

  /** After the participant's row was deleted: its connections are removed as by a kick (OQ06). Never 404. */
  participantDeleted(meetingId: MeetingId, participantId: ParticipantId): Promise<void>;
  /** After blocks were written: removes whom they name, waiting and not yet joined ones included. Never 404. */
  participantsBlocked(scope: BlockScope, blocked: readonly BlockedWho[]): Promise<void>;
  /**
   * After a meeting's settings were changed: they count for every join from now on, and its limits for the session
   * that is live, which ends when they are passed. Never 404.
   */
  meetingChanged(meetingId: MeetingId): Promise<void>;
  /**
   * Whether the participant is in the live session, be it with a lost connection that may come back, or in a room of
   * it.
   */
  isInSession(meetingId: MeetingId, participantId: ParticipantId): Promise<boolean>;
  /** After a PATCH to INACTIVE: waiting people are rejected, joined ones stay (OQ22, L19). Never 404. */
  meetingDeactivated(appId: AppId, meetingId: MeetingId): Promise<void>;
}
