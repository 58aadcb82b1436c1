import type { SessionEvent } from './events.js';
import { CHAT_HISTORY_MAX_CHARACTERS, CHAT_HISTORY_MESSAGES } from './limits.js';
import { changeLivestream } from './livestream.js';
import { isBot, isLivestream, mergePatches, patchPermissions } from './preset.js';
import { changeRecording, isActive } from './recording.js';
import { isVisible } from './rules/visibility.js';
import {
  bytesOf,
  type ChatMessage,
  charactersOf,
  type MeetingState,
  type Peer,
  permissionsIn,
  type Session,
} from './state.js';
import { bytesOfText } from './text.js';

/**
 * Folds one event into the state, in place: a session of a thousand peers must not be copied for each of them.
 * Whoever wants the old state back replays the log. Events never fail; what could be wrong was decided before.
 * An event is written to the log later than it is folded in, so nothing of it may become part of the state that a
 * later event changes.
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
        chatCharacters: 0,
        polls: new Map(),
        stores: new Map(),
        storeBytes: 0,
        recordings: new Map(),
        livestream: null,
        speakers: [],
        visiblePeers: 0,
        livestreamPeers: 0,
        peerCountTold: null,
        timeWarning: null,
      };
      return;
    case 'WaitingStarted':
      state.waiting.set(event.peer.peerId, { ...event.peer });
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
    case 'PeerJoined':
      session.peers.set(event.peer.peerId, {
        ...event.peer,
        joinedAt: event.at,
        permissions: permissionsIn(session, event.peer),
        stage: event.stage,
        lostAt: null,
        mediaJoined: false,
        unmuteForbidden: false,
        producers: new Map(),
      });
      countPeer(session, event.peer, 1);
      if (countsAsParticipant(event.peer)) session.emptySince = null;
      return;
    case 'PeerLeft': {
      const peer = session.peers.get(event.peerId);
      if (peer) countPeer(session, peer, -1);
      session.peers.delete(event.peerId);
      if (session.pinnedPeerId === event.peerId) session.pinnedPeerId = null;
      session.speakers = session.speakers.filter((peerId) => peerId !== event.peerId);
      if (session.emptySince === null && isAbandoned(session)) session.emptySince = event.at;
      return;
    }
    case 'PeersCounted':
      session.peerCountTold = { count: event.count, at: event.at };
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
    case 'TimeLimitAnnounced':
      session.timeWarning = event.endsAt === null ? null : { endsAt: event.endsAt, at: event.at };
      return;
    case 'UnmuteForbidden':
    case 'UnmuteAllowed':
      for (const peerId of event.peerIds) {
        const peer = session.peers.get(peerId);
        if (peer) peer.unmuteForbidden = event.type === 'UnmuteForbidden';
      }
      return;
    case 'ChatMessageSent':
      keepMessage(session, event.message);
      return;
    case 'ChatMessageEdited': {
      const message = session.chat.get(event.messageId);
      if (message) keepMessage(session, { ...message, payload: event.payload, edited: true });
      return;
    }
    case 'ChatMessageDeleted':
      dropMessage(session, event.messageId);
      return;
    case 'ChatMessagePinned': {
      const message = session.chat.get(event.messageId);
      if (message) keepMessage(session, { ...message, pinned: event.pinned });
      return;
    }
    case 'PollCreated': {
      const options = event.poll.options.map((option) => ({ ...option, votes: [...option.votes] }));
      session.polls.set(event.poll.id, { ...event.poll, options, voted: new Set() });
      return;
    }
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
        const old = store.get(item.key);
        session.storeBytes += bytesOf(item) - (old ? bytesOf(old) : 0);
        store.set(item.key, item);
      }
      return;
    }
    case 'StoreItemsDeleted': {
      const store = session.stores.get(event.store);
      for (const key of event.keys) {
        const old = store?.get(key);
        if (old) session.storeBytes -= bytesOf(old);
        store?.delete(key);
      }
      if (store?.size === 0) session.stores.delete(event.store);
      return;
    }
    case 'RecordingInvoked': {
      const { id, type, maxMs, order, interactive } = event.recording;
      const cues = interactive ? { count: 0, bytes: 0, isClosed: false } : null;
      session.recordings.set(id, { id, type, maxMs, order, cues, recording: { status: 'INVOKED' } });
      return;
    }
    case 'RecordingCueAdded': {
      const cues = session.recordings.get(event.recordingId)?.cues;
      if (!cues) return;
      cues.count++;
      cues.bytes += bytesOfText(event.text);
      return;
    }
    case 'RecordingCuesClosed': {
      const cues = session.recordings.get(event.recordingId)?.cues;
      if (cues) cues.isClosed = true;
      return;
    }
    case 'RecordingChanged': {
      const active = session.recordings.get(event.recordingId);
      const changed = active && changeRecording(active.recording, event.change, event.at);
      if (!changed) return;
      if (isActive(changed)) active.recording = changed;
      else session.recordings.delete(event.recordingId);
      return;
    }
    case 'LivestreamInvoked':
      session.livestream = { ...event.livestream, livestream: { status: 'INVOKED' } };
      return;
    case 'LivestreamChanged': {
      const active = session.livestream;
      const changed = active && changeLivestream(active.livestream, event.change, event.at);
      if (!changed) return;
      session.livestream = 'stoppedAt' in changed ? null : { ...active, livestream: changed };
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

/** Puts a message into the history, at its old place if it has one, and drops the oldest others beyond the bounds. */
function keepMessage(session: Session, message: ChatMessage): void {
  const { chat } = session;
  const old = chat.get(message.id);
  session.chatCharacters += charactersOf(message) - (old ? charactersOf(old) : 0);
  chat.set(message.id, message);
  for (const id of chat.keys()) {
    if (chat.size <= CHAT_HISTORY_MESSAGES && session.chatCharacters <= CHAT_HISTORY_MAX_CHARACTERS) return;
    if (id !== message.id) dropMessage(session, id);
  }
}

function dropMessage(session: Session, messageId: string): void {
  const message = session.chat.get(messageId);
  if (!message) return;
  session.chat.delete(messageId);
  session.chatCharacters -= charactersOf(message);
}

function countPeer(session: Session, peer: Pick<Peer, 'preset'>, change: 1 | -1): void {
  if (isVisible(peer)) session.visiblePeers += change;
  if (isLivestream(peer.preset)) session.livestreamPeers += change;
}

/** Nobody is left but recorders, which do not keep a session alive (features.md L13). */
export function isAbandoned(session: Session): boolean {
  for (const peer of session.peers.values()) if (countsAsParticipant(peer)) return false;
  return true;
}

export function countsAsParticipant(peer: Pick<Peer, 'preset'>): boolean {
  return !isBot(peer.preset.permissions);
}
