import type { Command } from '../commands.js';
import { accept, type Decision, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { WAITING_MAX } from '../limits.js';
import { isStageEnabled, type Preset, patchPermissions, stageAccess } from '../preset.js';
import type { Identity, MeetingState, StageStatus, Timestamp } from '../state.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/**
 * Lets a peer in, back in, or into the waiting room. The first one in starts the session (features.md C08, L01);
 * a known peer comes back into its place (S05), and nobody is told of it since nobody was told that it had gone.
 */
export function join(state: MeetingState, command: Of<'Join'>, now: Timestamp): Decision {
  const { who } = command;
  const known = state.session?.peers.get(who.peerId) ?? state.waiting.get(who.peerId);
  if (known && known.participantId !== who.participantId) return refuse('peer_id_taken');
  if (state.session?.peers.has(who.peerId))
    return accept({ type: 'PeerReconnected', at: now, peerId: who.peerId });

  if (mustWait(state, who)) {
    if (state.waiting.size >= WAITING_MAX && !known) return refuse('waiting_room_full');
    return accept({ type: 'WaitingStarted', at: now, peer: { ...who, since: now, admitted: false } });
  }

  const events: SessionEvent[] = [];
  if (!state.session) {
    const { id: sessionId, title, keepAliveMs } = command.newSession;
    events.push({ type: 'SessionStarted', at: now, sessionId, title, keepAliveMs });
  }
  events.push({ type: 'PeerJoined', at: now, peer: who, stage: initialStage(who.preset) });
  events.push(...admitOnEntry(state, who, now));
  return { events };
}

/** features.md W02-W04. */
function mustWait(state: MeetingState, who: Identity): boolean {
  const patch = state.session?.patches.get(who.participantId);
  const permissions = patch ? patchPermissions(who.preset.permissions, patch) : who.preset.permissions;
  if (permissions.waiting_room_type === 'SKIP' || state.waiting.get(who.peerId)?.admitted) return false;
  if (permissions.waiting_room_type === 'SKIP_ON_ACCEPT') return true;
  return !permissions.accept_waiting_requests && !isPrivilegedPersonIn(state);
}

function isPrivilegedPersonIn(state: MeetingState): boolean {
  for (const peer of state.session?.peers.values() ?? []) {
    if (peer.permissions.accept_waiting_requests) return true;
  }
  return false;
}

/** The entry of a privileged person opens the door to those who wait for just that (features.md W03). */
function admitOnEntry(state: MeetingState, who: Identity, now: Timestamp): SessionEvent[] {
  if (!who.preset.permissions.accept_waiting_requests) return [];
  const peerIds = [...state.waiting.values()]
    .filter((peer) => !peer.admitted && peer.peerId !== who.peerId)
    .filter((peer) => peer.preset.permissions.waiting_room_type === 'ON_PRIVILEGED_USER_ENTRY')
    .map((peer) => peer.peerId);
  return peerIds.length > 0 ? [{ type: 'WaitingAccepted', at: now, peerIds }] : [];
}

/** Without a stage everybody is on it, or the SDK would neither send nor receive media (protocol.md 5.2). */
function initialStage(preset: Preset): StageStatus {
  if (!isStageEnabled(preset)) return 'ON_STAGE';
  return stageAccess(preset.permissions) === 'ALLOWED' ? 'ON_STAGE' : 'OFF_STAGE';
}
