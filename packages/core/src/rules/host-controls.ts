import type { Command } from '../commands.js';
import { accept, type Decision, mayAct, peersOfParticipants, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { patchPermissions } from '../preset.js';
import type { MeetingState, Timestamp } from '../state.js';
import { silence } from './media.js';
import { isVisible } from './visibility.js';
import { admitForDoorkeeper } from './waiting-room.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** At most one peer is pinned for all; a second pin replaces the first (features.md V09, OQ11). */
export function pinPeer(state: MeetingState, command: Of<'PinPeer'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.pin_participant);
  if (refusal) return refuse(refusal);
  const { peerId } = command;
  if (peerId !== null) {
    const peer = state.session?.peers.get(peerId);
    if (!peer || !isVisible(peer)) return refuse('peer_unknown');
  }
  return accept({ type: 'PeerPinned', at: now, peerId });
}

/**
 * Holds for every peer of the participant until the session ends; the preset stays as it is (features.md R36).
 * Participants that are not in are passed over, as long as one is (OQ04).
 */
export function changePermissions(
  state: MeetingState,
  command: Of<'ChangePermissions'>,
  now: Timestamp,
): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.can_change_participant_permissions);
  if (refusal) return refuse(refusal);
  const events: SessionEvent[] = [];
  for (const { participantId, patch } of command.changes) {
    const peers = peersOfParticipants(state.session!, [participantId]);
    if (peers.length === 0 || Object.keys(patch).length === 0) continue;
    events.push({ type: 'PermissionsChanged', at: now, participantId, patch });
    for (const peer of peers) {
      const permissions = patchPermissions(peer.permissions, patch);
      events.push(...silence({ ...peer, permissions }, command.by, now));
    }
    if (patch.accept_waiting_requests) events.push(...admitForDoorkeeper(state, now));
  }
  return events.length > 0 ? { events } : refuse('patch_invalid');
}
