import { ChatEvent, MediaEvent, PollEvent, PresetEvent, RoomEvent, StoreEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import { mayAcceptStageRequests } from '../preset.js';
import { isVisible } from '../rules/visibility.js';
import type { MeetingState, Peer, Session } from '../state.js';
import { chatMessage } from './chat.js';
import { answeringMessage, type Effect, message } from './effects.js';
import {
  producerState,
  roomParticipant,
  stageRequests,
  stageType,
  waitingRequests,
  wirePeer,
  wireWaitingPeer,
} from './peers.js';
import { wirePatch } from './permissions.js';
import { maySeeVotes, wirePoll } from './polls.js';
import { storeResponse } from './stores.js';

/**
 * What has to be told and done because of an event, given the state with the event folded in. Each message is
 * encoded once for all its receivers. The order of the effects is the order on each receiver's socket.
 */
export function view(state: MeetingState, event: SessionEvent): Effect[] {
  switch (event.type) {
    case 'SessionStarted':
      return [];
    case 'SessionEnded':
      // To the initiator as well: his client leaves by this message alone (protocol.md 8.2).
      return [
        message(event.peerIds, RoomEvent.kickAll),
        { type: 'closeSockets', peerIds: event.peerIds },
        { type: 'releaseMedia', peerIds: event.peerIds },
      ];
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
  return state.session ? viewOfSession(state, state.session, event) : [];
}

function viewOfSession(state: MeetingState, session: Session, event: SessionEvent): Effect[] {
  switch (event.type) {
    case 'PeerLeft': {
      const effects: Effect[] = [];
      if (event.reason === 'kicked') effects.push(message([event.peerId], RoomEvent.kick));
      // Only the id is read; the receiver looks the rest up (protocol.md 7).
      const peer = { peerId: event.peerId, userId: '', displayName: '', waitlisted: false };
      if (!event.hidden) effects.push(message(joined(session), RoomEvent.leaveRoom, { peer }));
      effects.push(
        { type: 'closeSockets', peerIds: [event.peerId] },
        { type: 'releaseMedia', peerIds: [event.peerId] },
      );
      return effects;
    }
    case 'PeerPinned':
      return [
        message(joined(session), MediaEvent.globalPeerPinBroadcast, { participantId: event.peerId ?? '' }),
      ];
    case 'PermissionsChanged': {
      const affected = [...session.peers.values()].filter(
        (peer) => peer.participantId === event.participantId,
      );
      const current = affected[0]?.permissions;
      if (!current) return [];
      const to = affected.map((peer) => peer.peerId);
      const updates = [{ userIds: event.participantId, patch: wirePatch(event.patch, current) }];
      return [message(to, PresetEvent.updateUserPreset, { updatePeersPresets: updates })];
    }
    case 'SpeakersChanged': {
      const entries = event.peerIds.map((peerId, place) => ({ peerId, priority: place + 1 }));
      return [message(mediaJoined(session), MediaEvent.selectedPeerDiff, { entries })];
    }
    case 'ChatMessageSent': {
      const payload = { message: chatMessage(event.message) };
      return event.toPeerIds
        ? [answeringMessage(event.toPeerIds, ChatEvent.sendMessageToPeers, payload)]
        : [answeringMessage(joined(session), ChatEvent.sendMessageToRoom, payload)];
    }
    case 'ChatMessageEdited': {
      const edited = session.chat.get(event.messageId);
      return edited
        ? [
            answeringMessage(readers(session, edited.targetParticipantIds), ChatEvent.editMessage, {
              message: chatMessage(edited),
            }),
          ]
        : [];
    }
    case 'ChatMessageDeleted':
      return [answeringMessage(joined(session), ChatEvent.deleteMessage, { chatId: event.messageId })];
    case 'ChatMessagePinned': {
      const pinned = session.chat.get(event.messageId);
      if (!pinned) return [];
      const payload = { chatId: pinned.id, pinned: pinned.pinned, message: chatMessage(pinned) };
      return [answeringMessage(joined(session), ChatEvent.pinMessage, payload)];
    }
    case 'PollCreated':
      return tellPoll(session, event.poll.id, PollEvent.createPoll);
    case 'PollVoted':
      return tellPoll(session, event.pollId, PollEvent.votePoll);
    case 'StoreItemsSet':
      return [
        answeringMessage(
          joined(session),
          StoreEvent.storeInsertKeys,
          storeResponse(state.meetingId, event.store, event.items),
        ),
      ];
    case 'StoreItemsDeleted': {
      const items = event.keys.map((key) => ({ key, payload: 'null', peerId: event.peerId, at: event.at }));
      return [
        answeringMessage(
          joined(session),
          StoreEvent.storeDeleteKeys,
          storeResponse(state.meetingId, event.store, items),
        ),
      ];
    }
    case 'MessageBroadcast': {
      const payload = { type: event.kind, payload: event.payload, timestamp: event.at, ids: [] };
      return event.to
        ? [message(event.to, RoomEvent.broadcastToEntity, payload)]
        : [answeringMessage(joined(session), RoomEvent.broadcastMessage, payload)];
    }
    default:
      return viewOfPeer(state, session, event);
  }
}

function viewOfPeer(state: MeetingState, session: Session, event: SessionEvent): Effect[] {
  const peerId = event.type === 'PeerJoined' ? event.peer.peerId : 'peerId' in event ? event.peerId : null;
  const peer = peerId ? session.peers.get(peerId) : undefined;
  if (!peer) return [];
  switch (event.type) {
    case 'PeerJoined': {
      const to = isVisible(peer) ? joined(session) : [peer.peerId];
      return [answeringMessage(to, RoomEvent.joinRoom, { peer: wirePeer(peer) }), ...tellDoorkeepers(state)];
    }
    case 'PeerReconnected':
      return [answeringMessage([peer.peerId], RoomEvent.joinRoom, { peer: wirePeer(peer) })];
    case 'StageStatusChanged': {
      const { peerId, participantId: userId } = peer;
      const effects: Effect[] = [];
      if (event.answer === 'granted') effects.push(message([peerId], RoomEvent.grantStageAccess));
      if (event.answer === 'denied') effects.push(message([peerId], RoomEvent.denyStageAccess));
      const update = { peerId, userId, stageType: stageType(event.stage) };
      const to = isVisible(peer) ? joined(session) : [peerId];
      effects.push(answeringMessage(to, RoomEvent.peerStageStatusUpdate, update));
      const moderators = allowed(session, (one) => mayAcceptStageRequests(one.permissions));
      effects.push(message(moderators, RoomEvent.getStageRequests, stageRequests(session)));
      return effects;
    }
    case 'MediaJoined': {
      if (!isVisible(peer)) return [];
      const participant = roomParticipant(peer);
      return [message(mediaJoined(session, peer), MediaEvent.peerJoinedBroadcast, { participant })];
    }
    case 'ProducerAdded': {
      const added = peer.producers.get(event.producer.producerId);
      if (!added) return [];
      const mute: Effect[] = added.paused
        ? [{ type: 'muteProducer', producerId: added.producerId, muted: true }]
        : [];
      if (!isVisible(peer)) return mute;
      const payload = { participantId: peer.peerId, producerState: producerState(added) };
      return [message(mediaJoined(session, peer), MediaEvent.peerProducerCreateBroadcast, payload), ...mute];
    }
    case 'ProducerToggled': {
      const toggled = peer.producers.get(event.producerId);
      if (!toggled) return [];
      const { producerId, paused } = toggled;
      const payload = {
        participantId: peer.peerId,
        initiatorParticipantId: event.by,
        producerState: producerState(toggled),
      };
      const others = isVisible(peer) ? mediaJoined(session, peer) : [];
      // The owner is told only of what others did to him; his client then switches the device off itself.
      const to = event.by === peer.peerId ? others : [peer.peerId, ...others];
      return [
        message(to, MediaEvent.peerProducerToggleBroadcast, payload),
        { type: 'muteProducer', producerId, muted: paused },
      ];
    }
    case 'ProducerClosed': {
      const producerState = {
        producerId: event.producerId,
        kind: 0,
        pause: true,
        screenShare: false,
      } as const;
      const payload = { participantId: peer.peerId, producerState };
      return [
        message(mediaJoined(session, peer), MediaEvent.peerProducerCloseBroadcast, payload),
        { type: 'closeProducer', peerId: peer.peerId, producerId: event.producerId },
      ];
    }
    default:
      return [];
  }
}

/** At most two encodings: with the votes, and without them for those who have not voted (features.md O05). */
function tellPoll(
  session: Session,
  pollId: string,
  event: typeof PollEvent.createPoll | typeof PollEvent.votePoll,
): Effect[] {
  const poll = session.polls.get(pollId);
  if (!poll) return [];
  const seeing: string[] = [];
  const waiting: string[] = [];
  for (const peer of session.peers.values()) {
    if (!peer.permissions.polls.can_view) continue;
    (maySeeVotes(poll, peer.participantId) ? seeing : waiting).push(peer.peerId);
  }
  const effects: Effect[] = [];
  if (seeing.length > 0) effects.push(answeringMessage(seeing, event, { poll: wirePoll(poll, true) }));
  if (waiting.length > 0) effects.push(answeringMessage(waiting, event, { poll: wirePoll(poll, false) }));
  return effects;
}

function tellDoorkeepers(state: MeetingState): Effect[] {
  if (!state.session) return [];
  const to = allowed(state.session, (peer) => peer.permissions.accept_waiting_requests);
  return to.length > 0 ? [message(to, RoomEvent.getWaitingRoomRequests, waitingRequests(state))] : [];
}

function joined(session: Session): string[] {
  return [...session.peers.keys()];
}

function mediaJoined(session: Session, except?: Peer): string[] {
  return allowed(session, (peer) => peer.mediaJoined && peer !== except);
}

function readers(session: Session, participantIds: readonly string[]): string[] {
  if (participantIds.length === 0) return joined(session);
  return allowed(session, (peer) => participantIds.includes(peer.participantId));
}

function allowed(session: Session, test: (peer: Peer) => boolean): string[] {
  const peerIds: string[] = [];
  for (const peer of session.peers.values()) if (test(peer)) peerIds.push(peer.peerId);
  return peerIds;
}
