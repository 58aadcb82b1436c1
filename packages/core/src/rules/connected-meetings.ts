import { countsAsParticipant } from '../apply.js';
import type { Command } from '../commands.js';
import { accept, type Decision, mayAct, memberOf, peersOfParticipants, refuse } from '../decision.js';
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
export function checkAlterRooms(state: MeetingState, command: Of<'CheckAlterRooms'>): Decision {
  const refusal = mayAct(state, command.by, mayAlter);
  return refusal ? refuse(refusal) : accept();
}

/**
 * Others are moved by full access alone, and so is another preset given, or everybody could give himself a
 * host's. Oneself is moved by the right to go where one wants to go (features.md B09, R27, R28).
 */
export function checkMove(state: MeetingState, command: Of<'CheckMove'>): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const { participantId, permissions } = member.peer;
  if (mayAlter(permissions)) return accept();
  const isSelf = command.participantIds.every((id) => id === participantId);
  const { can_switch_connected_meetings, can_switch_to_parent_meeting } = permissions.connected_meetings;
  const maySwitch = command.toMain ? can_switch_to_parent_meeting : can_switch_connected_meetings;
  return isSelf && !command.withPresets && maySwitch ? accept() : refuse('permission_denied');
}

/** The main room ends with whoever may end it; from a room, that takes the rights over all of them (S32). */
export function checkEndEverywhere(state: MeetingState, command: Of<'CheckEndEverywhere'>): Decision {
  const mayEnd = (permissions: Permissions) => permissions.kick_participant && mayAlter(permissions);
  const refusal = mayAct(state, command.by, mayEnd);
  return refusal ? refuse(refusal) : accept();
}

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

const mayAlter = (permissions: Permissions): boolean =>
  permissions.connected_meetings.can_alter_connected_meetings;
