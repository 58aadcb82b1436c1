import { countsAsParticipant } from '../apply.js';
import type { Command } from '../commands.js';
import { accept, type Decision, peersOfParticipants } from '../decision.js';
import { ROOM_TITLE_MAX_CHARACTERS } from '../limits.js';
import type { Permissions } from '../preset.js';
import type { MeetingState, Peer, Timestamp } from '../state.js';
import { isUsable } from '../text.js';
import { left } from './leaving.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Who may do anything with connected meetings is kept up to date about who is where (features.md B07). */
export function hasRoomRights({ connected_meetings: may }: Permissions): boolean {
  return (
    may.can_alter_connected_meetings || may.can_switch_connected_meetings || may.can_switch_to_parent_meeting
  );
}

export const isRoomTitle = (title: string): boolean => isUsable(title, ROOM_TITLE_MAX_CHARACTERS);

/** Full access: making and deleting rooms (features.md R26). */
export const mayAlterRooms = ({ connected_meetings: may }: Permissions): boolean =>
  may.can_alter_connected_meetings;

/** What a move asks for, as far as rights are concerned. */
export interface MoveWish {
  participantIds: readonly string[];
  withPresets: boolean;
  toMain: boolean;
}

/**
 * Others are moved by full access alone, and so is another preset given, or everybody could give himself a
 * host's. Oneself is moved by the right to go where one wants to go (features.md B09, R27, R28).
 */
export function mayMove({ participantId, permissions }: Peer, wish: MoveWish): boolean {
  if (mayAlterRooms(permissions)) return true;
  const isSelf = wish.participantIds.every((id) => id === participantId);
  const { can_switch_connected_meetings, can_switch_to_parent_meeting } = permissions.connected_meetings;
  const maySwitch = wish.toMain ? can_switch_to_parent_meeting : can_switch_connected_meetings;
  return isSelf && !wish.withPresets && maySwitch;
}

/** The main room ends with whoever may end it; from a room, that takes the rights over all of them (S32). */
export const mayEndEverywhere = (permissions: Permissions): boolean =>
  permissions.kick_participant && mayAlterRooms(permissions);

/**
 * Every peer of these participants leaves; where they belong from now on is part of the same event, so that there is
 * no moment at which they belong nowhere, or to two meetings (features.md B04, B11). Participants that are not in are
 * passed over, and everybody means no recorder.
 */
export function moveOut(state: MeetingState, command: Of<'MoveOut'>, now: Timestamp): Decision {
  const { session } = state;
  if (!session) return accept();
  const { moves, to } = command;
  const presets =
    moves === 'everybody' ? null : new Map(moves.map((one) => [one.participantId, one.presetId]));
  const peers = presets
    ? peersOfParticipants(session, [...presets.keys()])
    : [...session.peers.values()].filter(countsAsParticipant);
  const presetOf = (peer: Peer) => presets?.get(peer.participantId) ?? (to.isMain ? null : peer.preset.id);
  return accept(
    ...peers.map((peer) => {
      const { participantId } = peer;
      const movedTo = { participantId, meetingId: to.meetingId, presetId: presetOf(peer) };
      return { ...left(peer, 'moved', now), movedTo };
    }),
  );
}
