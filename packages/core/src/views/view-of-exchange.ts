import { ChatEvent, PollEvent, RoomEvent, StoreEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import type { Session } from '../state.js';
import { chatMessage } from './chat.js';
import { answeringMessage, type Effect, message } from './effects.js';
import { outlook, pollFor } from './polls.js';
import { joined, peersOf } from './receivers.js';
import { storeResponse } from './stores.js';

/** What people write to each other: chat, polls, stores, broadcasts. */

type Of<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

export function viewOfChat(
  session: Session,
  event: Of<'ChatMessageSent' | 'ChatMessageEdited' | 'ChatMessageDeleted' | 'ChatMessagePinned'>,
): Effect[] {
  switch (event.type) {
    case 'ChatMessageSent': {
      const payload = { message: chatMessage(event.message) };
      return event.toPeerIds
        ? [answeringMessage(event.toPeerIds, ChatEvent.sendMessageToPeers, payload)]
        : [answeringMessage(joined(session), ChatEvent.sendMessageToRoom, payload)];
    }
    case 'ChatMessageEdited': {
      const { older, payload } = event;
      const edited = session.chat.get(event.messageId) ?? (older && { ...older, payload, edited: true });
      if (!edited) return [];
      const to = readers(session, edited.targetParticipantIds);
      return [answeringMessage(to, ChatEvent.editMessage, { message: chatMessage(edited) })];
    }
    case 'ChatMessageDeleted': {
      const to = readers(session, event.targetParticipantIds);
      return [answeringMessage(to, ChatEvent.deleteMessage, { chatId: event.messageId })];
    }
    case 'ChatMessagePinned': {
      const { older } = event;
      const pinned = session.chat.get(event.messageId) ?? (older && { ...older, pinned: event.pinned });
      if (!pinned) return [];
      const payload = { chatId: pinned.id, pinned: pinned.pinned, message: chatMessage(pinned) };
      return [answeringMessage(joined(session), ChatEvent.pinMessage, payload)];
    }
  }
}

/** A private message concerns every peer of its participants, as its history does. */
function readers(session: Session, targetParticipantIds: readonly string[]): string[] {
  return targetParticipantIds.length === 0 ? joined(session) : peersOf(session, targetParticipantIds);
}

/** One encoding for all who see the same of the poll. */
export function viewOfPoll(session: Session, event: Of<'PollCreated' | 'PollVoted'>): Effect[] {
  const poll = session.polls.get(event.type === 'PollCreated' ? event.poll.id : event.pollId);
  if (!poll) return [];
  const groups = new Map<string, { participantId: string; to: string[] }>();
  for (const { peerId, participantId, permissions } of session.peers.values()) {
    if (!permissions.polls.can_view) continue;
    const seen = outlook(poll, participantId);
    const group = groups.get(seen);
    if (group) group.to.push(peerId);
    else groups.set(seen, { participantId, to: [peerId] });
  }
  const number = event.type === 'PollCreated' ? PollEvent.createPoll : PollEvent.votePoll;
  return [...groups.values()].map(({ participantId, to }) =>
    answeringMessage(to, number, { poll: pollFor(poll, participantId) }),
  );
}

/** To the writer as well, who passes his own items over (protocol.md 13). */
export function viewOfStore(
  meetingId: string,
  session: Session,
  event: Of<'StoreItemsSet' | 'StoreItemsDeleted'>,
): Effect[] {
  const to = joined(session);
  if (event.type === 'StoreItemsSet') {
    const items = storeResponse(meetingId, event.store, event.items);
    return [answeringMessage(to, StoreEvent.storeInsertKeys, items)];
  }
  const { store, keys, peerId, at } = event;
  const items = keys.map((key) => ({ key, payload: 'null', peerId, at }));
  return [answeringMessage(to, StoreEvent.storeDeleteKeys, storeResponse(meetingId, store, items))];
}

export function viewOfMessageBroadcast(session: Session, event: Of<'MessageBroadcast'>): Effect[] {
  const payload = { type: event.kind, payload: event.payload, timestamp: event.at, ids: [] };
  return event.to
    ? [message(event.to, RoomEvent.broadcastToEntity, payload)]
    : [answeringMessage(joined(session), RoomEvent.broadcastMessage, payload)];
}
