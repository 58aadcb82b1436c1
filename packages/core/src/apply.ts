import type { SessionEvent } from './events.js';
import { CHAT_HISTORY_MESSAGES } from './limits.js';
import { isBot, mergePatches, patchPermissions } from './preset.js';
import type { MeetingState, Peer, Session } from './state.js';

/**
 * Folds one event into the state, in place: a session of a thousand peers must not be copied for each of them.
 * Whoever wants the old state back replays the log. Events never fail; what could be wrong was decided before.
 */
export function apply(state: MeetingState, event: SessionEvent): void {
  switch (event.type) {
    case 'SessionStarted':
      state.session = {
        id: event.sessionId,
        title: event.title,
        startedAt: event.at,
        keepAliveMs: event.keepAliveMs,
        peers: new Map(),
        emptySince: event.at,
        pinnedPeerId: null,
        patches: new Map(),
        chat: new Map(),
        polls: new Map(),
        stores: new Map(),
        storeBytes: 0,
        speakers: [],
      };
      return;
    case 'WaitingStarted':
      state.waiting.set(event.peer.peerId, event.peer);
      return;
    case 'WaitingAccepted':
      for (const peerId of event.peerIds) {
        const waiting = state.waiting.get(peerId);
        if (waiting) waiting.admitted = true;
      }
      return;
    case 'WaitingDenied':
      for (const peerId of event.peerIds) state.waiting.delete(peerId);
      return;
    case 'WaitingStopped':
      state.waiting.delete(event.peerId);
      return;
    case 'PeerJoined':
      state.waiting.delete(event.peer.peerId);
      break;
    case 'SessionEnded':
      state.session = null;
      return;
  }
  if (state.session) applyToSession(state.session, event);
}

function applyToSession(session: Session, event: SessionEvent): void {
  switch (event.type) {
    case 'PeerJoined': {
      const patch = session.patches.get(event.peer.participantId);
      const permissions = event.peer.preset.permissions;
      session.peers.set(event.peer.peerId, {
        ...event.peer,
        joinedAt: event.at,
        permissions: patch ? patchPermissions(permissions, patch) : permissions,
        stage: event.stage,
        lostAt: null,
        mediaJoined: false,
        unmuteForbidden: false,
        producers: new Map(),
      });
      if (!isBot(permissions)) session.emptySince = null;
      return;
    }
    case 'PeerLeft':
      session.peers.delete(event.peerId);
      if (session.pinnedPeerId === event.peerId) session.pinnedPeerId = null;
      session.speakers = session.speakers.filter((peerId) => peerId !== event.peerId);
      if (session.emptySince === null && isAbandoned(session)) session.emptySince = event.at;
      return;
    case 'PeerPinned':
      session.pinnedPeerId = event.peerId;
      return;
    case 'PermissionsChanged': {
      const before = session.patches.get(event.participantId);
      session.patches.set(event.participantId, before ? mergePatches(before, event.patch) : event.patch);
      for (const peer of session.peers.values()) {
        if (peer.participantId !== event.participantId) continue;
        peer.permissions = patchPermissions(peer.permissions, event.patch);
      }
      return;
    }
    case 'SpeakersChanged':
      session.speakers = event.peerIds;
      return;
    case 'UnmuteForbidden':
      for (const peerId of event.peerIds) {
        const peer = session.peers.get(peerId);
        if (peer) peer.unmuteForbidden = true;
      }
      return;
    case 'ChatMessageSent':
      session.chat.set(event.message.id, event.message);
      if (session.chat.size > CHAT_HISTORY_MESSAGES) {
        for (const oldest of session.chat.keys()) {
          session.chat.delete(oldest);
          break;
        }
      }
      return;
    case 'ChatMessageEdited': {
      const message = session.chat.get(event.messageId);
      if (message) session.chat.set(message.id, { ...message, payload: event.payload, edited: true });
      return;
    }
    case 'ChatMessageDeleted':
      session.chat.delete(event.messageId);
      return;
    case 'ChatMessagePinned': {
      const message = session.chat.get(event.messageId);
      if (message) session.chat.set(message.id, { ...message, pinned: event.pinned });
      return;
    }
    case 'PollCreated':
      session.polls.set(event.poll.id, { ...event.poll, voted: new Set() });
      return;
    case 'PollVoted': {
      const poll = session.polls.get(event.pollId);
      poll?.options[event.option]?.votes.push({ participantId: event.participantId, name: event.name });
      poll?.voted.add(event.participantId);
      return;
    }
    case 'StoreItemsSet': {
      const store = session.stores.get(event.store) ?? new Map();
      session.stores.set(event.store, store);
      for (const item of event.items) {
        session.storeBytes += item.payload.length - (store.get(item.key)?.payload.length ?? 0);
        store.set(item.key, item);
      }
      return;
    }
    case 'StoreItemsDeleted': {
      const store = session.stores.get(event.store);
      for (const key of event.keys) {
        session.storeBytes -= store?.get(key)?.payload.length ?? 0;
        store?.delete(key);
      }
      return;
    }
    default:
      applyToPeer(session, event);
  }
}

function applyToPeer(session: Session, event: SessionEvent): void {
  const peer = 'peerId' in event && event.peerId !== null ? session.peers.get(event.peerId) : undefined;
  if (!peer) return;
  switch (event.type) {
    case 'StageStatusChanged':
      peer.stage = event.stage;
      return;
    case 'PeerConnectionLost':
      peer.lostAt = event.at;
      return;
    case 'PeerReconnected':
      peer.lostAt = null;
      return;
    case 'MediaJoined':
      peer.mediaJoined = true;
      return;
    case 'MediaLeft':
      peer.mediaJoined = false;
      peer.producers.clear();
      return;
    case 'ProducerAdded':
      peer.producers.set(event.producer.producerId, { ...event.producer });
      return;
    case 'ProducerToggled': {
      const producer = peer.producers.get(event.producerId);
      if (producer) producer.paused = event.paused;
      return;
    }
    case 'ProducerClosed':
      peer.producers.delete(event.producerId);
  }
}

/** Nobody is left but recorders, which do not keep a session alive (features.md L13). */
export function isAbandoned(session: Session): boolean {
  for (const peer of session.peers.values()) if (countsAsParticipant(peer)) return false;
  return true;
}

export function countsAsParticipant(peer: Pick<Peer, 'preset'>): boolean {
  return !isBot(peer.preset.permissions);
}
