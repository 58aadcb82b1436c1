import type { Command } from '../commands.js';
import { accept, type Decision, mayAct, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { type MeetingState, permissionsIn, type Timestamp } from '../state.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Lets waiting people in, by participant id as the SDK sends them (features.md W06). Unknown ids do nothing. */
export function acceptWaiting(state: MeetingState, command: Of<'AcceptWaiting'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.accept_waiting_requests);
  if (refusal) return refuse(refusal);
  const peerIds = waitingPeers(state, command.participantIds);
  return peerIds.length > 0 ? accept({ type: 'WaitingAccepted', at: now, peerIds }) : accept();
}

/** Turns waiting people away; they may ask again (features.md W07, W11). */
export function denyWaiting(state: MeetingState, command: Of<'DenyWaiting'>, now: Timestamp): Decision {
  if (typeof command.by === 'string') {
    const refusal = mayAct(state, command.by, (permissions) => permissions.accept_waiting_requests);
    if (refusal) return refuse(refusal);
  }
  const peerIds =
    command.participantIds === 'everybody'
      ? [...state.waiting.keys()]
      : waitingPeers(state, command.participantIds);
  return peerIds.length > 0 ? accept({ type: 'WaitingDenied', at: now, peerIds }) : accept();
}

/** Nobody is left to let them in, or nothing to be let into (features.md OQ08). */
export function turnAwayWaiting(state: MeetingState, now: Timestamp): SessionEvent[] {
  if (state.waiting.size === 0) return [];
  return [{ type: 'WaitingDenied', at: now, peerIds: [...state.waiting.keys()] }];
}

/** Lets in those who wait for a privileged person, now that there is one (features.md W03). */
export function admitForDoorkeeper(
  state: MeetingState,
  now: Timestamp,
  doorkeeperId: string | null = null,
): SessionEvent[] {
  const peerIds = [...state.waiting.values()]
    .filter((peer) => !peer.admitted && peer.peerId !== doorkeeperId)
    .filter((peer) => permissionsIn(state.session, peer).waiting_room_type === 'ON_PRIVILEGED_USER_ENTRY')
    .map((peer) => peer.peerId);
  return peerIds.length > 0 ? [{ type: 'WaitingAccepted', at: now, peerIds }] : [];
}

function waitingPeers(state: MeetingState, participantIds: readonly string[]): string[] {
  const wanted = new Set(participantIds);
  return [...state.waiting.values()]
    .filter((peer) => !peer.admitted && wanted.has(peer.participantId))
    .map((peer) => peer.peerId);
}
