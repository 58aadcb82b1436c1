import type { TimeLimits } from '@parley/core';
import type { Changes } from '../changes.js';
import type { MeetingHost } from '../meeting-host.js';
import type { MeetingInfo } from '../meeting-info.js';

/** What a meeting has to do with its connected meetings: the rooms below it, or the main meeting above. */
export interface FamilyLink {
  /** To be awaited before a join: from then on the other answers are right. */
  load(meeting: MeetingInfo): Promise<void>;
  /** Whether people are in the rooms of this main meeting or on the way, so that its empty session goes on. */
  isHeldOpen(host: MeetingHost): boolean;
  /** Participants in the rooms of this main meeting, who will come back and keep their seats. */
  participantsInRooms(host: MeetingHost): number;
  /** Whether somebody is in a room of this main meeting or on the way, and therefore in its session. */
  isInRooms(host: MeetingHost, participantId: string): boolean;
  /** What limits the time of a meeting, for a room its main session too; null while that is being read back. */
  limitsOf(host: MeetingHost): TimeLimits | null;
  /** After changes are safe and before anybody is told. */
  committed(host: MeetingHost, changes: readonly Changes[]): void;
  /** Tells a peer that was moved where to go. */
  transfer(host: MeetingHost, peerId: string, participantId: string): void;
}
