import { MediaEvent, PresetEvent, RoomEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import { isLivestream, mayAcceptStageRequests } from '../preset.js';
import { mayConnectMedia } from '../rules/producing.js';
import { isVisible } from '../rules/visibility.js';
import type { MeetingState, Session } from '../state.js';
import { answeringMessage, type Effect, message } from './effects.js';
import { stageRequests, stageType, waitingRequests, wirePeer, wireWaitingPeer } from './peers.js';
import { wirePatch } from './permissions.js';
import { allowed, joined, peersOf } from './receivers.js';
import { timeWarning } from './time-warning.js';

/** Who is in, who waits, who is on the stage, and who may do what. */

type Of<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

/** Waiting people are announced to nobody; those who may let them in get the list (features.md W01, W05). */
export function viewOfWaiting(
  state: MeetingState,
  event: Of<'WaitingStarted' | 'WaitingAccepted' | 'WaitingDenied' | 'WaitingStopped'>,
): Effect[] {
  switch (event.type) {
    case 'WaitingStarted':
      return [
        answeringMessage([event.peer.peerId], RoomEvent.joinRoom, { peer: wireWaitingPeer(event.peer) }),
        ...tellDoorkeepers(state),
      ];
    case 'WaitingAccepted':
      return [message(event.peerIds, RoomEvent.waitingRoomRequestAccepted), ...tellDoorkeepers(state)];
    case 'WaitingDenied':
      return [message(event.peerIds, RoomEvent.waitingRoomRequestDenied), ...tellDoorkeepers(state)];
    case 'WaitingStopped':
      return tellDoorkeepers(state);
  }
}

function tellDoorkeepers(state: MeetingState): Effect[] {
  if (!state.session) return [];
  const to = allowed(state.session, (peer) => peer.permissions.accept_waiting_requests);
  return to.length > 0 ? [message(to, RoomEvent.getWaitingRoomRequests, waitingRequests(state))] : [];
}

/**
 * The newcomer's client knows its preset only, and one that comes back may have missed a change, so both hear what
 * the session has changed for them (features.md OQ12), how many watch a livestream, and of an end that was announced.
 */
export function viewOfJoin(session: Session, event: Of<'PeerJoined' | 'PeerReconnected'>): Effect[] {
  const isNew = event.type === 'PeerJoined';
  const peerId = isNew ? event.peer.peerId : event.peerId;
  const peer = session.peers.get(peerId);
  if (!peer) return [];
  const to = isNew && isVisible(peer) ? joined(session) : [peerId];
  const effects: Effect[] = [answeringMessage(to, RoomEvent.joinRoom, { peer: wirePeer(peer) })];
  const changed = session.patches.get(peer.participantId);
  if (changed) {
    const update = { userIds: peer.participantId, patch: wirePatch(changed, peer.permissions) };
    effects.push(message([peerId], PresetEvent.updateUserPreset, { updatePeersPresets: [update] }));
  }
  if (isLivestream(peer.preset)) effects.push(peerCount([peerId], session.visiblePeers));
  if (session.timeWarning) effects.push(timeWarning([peerId], session.timeWarning.endsAt, event.at));
  return effects;
}

/** The SDK's `livestream.viewerCount`. */
export function peerCount(to: readonly string[], count: number): Effect {
  return message(to, RoomEvent.roomPeerCount, { count });
}

/**
 * Only the socket of a kicked peer is closed. Who left has none any more, and who was given up may just have come
 * back with a new one: closing that normally would keep its client out for good (protocol.md 3.6).
 */
export function viewOfLeave(session: Session, event: Of<'PeerLeft'>): Effect[] {
  const { peerId } = event;
  const effects: Effect[] = [];
  if (event.reason === 'kicked') effects.push(message([peerId], RoomEvent.kick));
  // Only the id is read; the receiver looks the rest up (protocol.md 7).
  const peer = { peerId, userId: '', displayName: '', waitlisted: false };
  if (!event.hidden) effects.push(message(joined(session), RoomEvent.leaveRoom, { peer }));
  if (event.requestedStage) effects.push(tellModerators(session));
  if (event.reason === 'kicked') effects.push({ type: 'closeSockets', peerIds: [peerId] });
  if (event.movedTo) {
    effects.push({ type: 'transferPeer', peerId, participantId: event.movedTo.participantId });
  }
  effects.push({ type: 'releaseMedia', peerIds: [peerId] });
  return effects;
}

export function viewOfPermissions(session: Session, event: Of<'PermissionsChanged'>): Effect[] {
  const to = peersOf(session, [event.participantId]);
  const current = session.peers.get(to[0] ?? '')?.permissions;
  if (!current) return [];
  const update = { userIds: event.participantId, patch: wirePatch(event.patch, current) };
  return [message(to, PresetEvent.updateUserPreset, { updatePeersPresets: [update] })];
}

/** To the one who pinned as well; an empty id unpins (protocol.md 16). */
export function viewOfPin(session: Session): Effect[] {
  const participantId = session.pinnedPeerId ?? '';
  return [message(joined(session), MediaEvent.globalPeerPinBroadcast, { participantId })];
}

/** The verdict first: the client takes an approval from it alone (protocol.md 10). */
export function viewOfStage(session: Session, event: Of<'StageStatusChanged'>): Effect[] {
  const peer = session.peers.get(event.peerId);
  if (!peer) return [];
  const { peerId, participantId: userId } = peer;
  const effects: Effect[] = [];
  if (event.answer === 'granted') effects.push(message([peerId], RoomEvent.grantStageAccess));
  if (event.answer === 'denied') effects.push(message([peerId], RoomEvent.denyStageAccess));
  const update = { peerId, userId, stageType: stageType(event.stage) };
  const to = isVisible(peer) ? joined(session) : [peerId];
  effects.push(answeringMessage(to, RoomEvent.peerStageStatusUpdate, update), tellModerators(session));
  if (!mayConnectMedia(peer)) effects.push({ type: 'releaseMedia', peerIds: [peerId] });
  return effects;
}

function tellModerators(session: Session): Effect {
  const to = allowed(session, (peer) => mayAcceptStageRequests(peer.permissions, peer.preset));
  return message(to, RoomEvent.getStageRequests, stageRequests(session));
}
