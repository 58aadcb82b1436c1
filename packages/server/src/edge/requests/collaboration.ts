import { randomUUID } from 'node:crypto';
import { answers, type Peer, patchFromWire, type Session } from '@parley/core';
import { ChatEvent, PollEvent, PresetEvent, StoreEvent } from '@parley/wire';
import {
  type ChatScope,
  earlierMessages,
  pageOfMessages,
  searchMessages,
  storedMessage,
} from '../../sessions/chat-pages.js';
import type { ChatChange } from '../../sessions/meeting-host.js';
import { Refused } from '../../sessions/refused.js';
import { ask, on, type Route, type SocketRequest } from '../request.js';

const PERMISSION_CHANGES_MAX = 500;

const decoder = new TextDecoder();

/** Chat, polls, stores and permissions (protocol.md 11-13, 15). */
export const collaborationRoutes: Route[] = [
  on(ChatEvent.getMessages, async (request) => {
    const { session, peer } = memberOrWaiting(request);
    if (!session || !peer) {
      request.answer(ChatEvent.getMessages, { messages: [] });
      return;
    }
    const earlier = request.host.meeting?.persistChat
      ? await earlierMessages(request.db, chatScope(request), {
          messages: session.chat.size,
          characters: session.chatCharacters,
        })
      : [];
    // Read after the wait, so that a message of this moment is not missing from what comes first.
    await request.whenTold(() => {
      const { messages } = answers.chatHistory(session, peer);
      request.answer(ChatEvent.getMessages, { messages: [...earlier, ...messages] });
    });
  }),
  on(ChatEvent.getPaginatedMessages, async (request, query) => {
    const page = await pageOfMessages(request.db, chatScope(request), query);
    request.answer(ChatEvent.getPaginatedMessages, page);
  }),
  ask(ChatEvent.searchChannelMessages, (request, query) => {
    const { session, peer } = member(request);
    request.answer(
      ChatEvent.searchChannelMessages,
      searchMessages(answers.chatHistory(session, peer), query),
    );
  }),
  on(ChatEvent.sendMessageToRoom, (request, { payloadType, payload }) =>
    request.execute({
      type: 'SendChat',
      by: request.peerId,
      messageId: randomUUID(),
      payloadType,
      payload,
      toPeerIds: null,
    }),
  ),
  on(ChatEvent.sendMessageToPeers, (request, { payloadType, payload, peerIds }) =>
    request.execute({
      type: 'SendChat',
      by: request.peerId,
      messageId: randomUUID(),
      payloadType,
      payload,
      toPeerIds: peerIds,
    }),
  ),
  on(ChatEvent.editMessage, (request, { chatId, payload }) =>
    changeChat(request, {
      type: 'EditChat',
      by: request.peerId,
      messageId: chatId,
      payload: payload ?? '',
    }),
  ),
  on(ChatEvent.deleteMessage, (request, { chatId }) =>
    changeChat(request, { type: 'DeleteChat', by: request.peerId, messageId: chatId }),
  ),
  on(ChatEvent.pinMessage, (request, { chatId, pinned }) =>
    changeChat(request, { type: 'PinChat', by: request.peerId, messageId: chatId, pinned }),
  ),

  ask(PollEvent.getPolls, (request) => {
    const { session, peer } = memberOrWaiting(request);
    request.answer(PollEvent.getPolls, session && peer ? answers.pollList(session, peer) : { polls: [] });
  }),
  on(PollEvent.createPoll, (request, { question, options, anonymous, hideVotes }) =>
    request.execute({
      type: 'CreatePoll',
      by: request.peerId,
      pollId: randomUUID(),
      question,
      options,
      anonymous,
      hideVotes,
    }),
  ),
  on(PollEvent.votePoll, (request, { pollId, index }) =>
    request.execute({ type: 'VotePoll', by: request.peerId, pollId, option: index }),
  ),

  // Asked during `init()` as well, before the peer has joined (protocol.md 4).
  ask(StoreEvent.storeGetKeys, (request, query) => {
    const found = answers.storeItems(request.host.state, query);
    request.answer(StoreEvent.storeGetKeys, request.mayLookIn ? found : { ...found, storeItems: [] });
  }),
  on(StoreEvent.storeInsertKeys, (request, { storeName, insertKeys }) =>
    request.execute({
      type: 'SetStoreItems',
      by: request.peerId,
      store: storeName,
      items: insertKeys.map(({ storeKey, payload }) => ({
        key: storeKey,
        payload: payload ? decoder.decode(payload) : 'null',
      })),
    }),
  ),
  on(StoreEvent.storeDeleteKeys, (request, { storeName, deleteKeys }) =>
    request.execute({
      type: 'DeleteStoreItems',
      by: request.peerId,
      store: storeName,
      keys: deleteKeys.map((one) => one.storeKey),
    }),
  ),

  ask(PresetEvent.getUserPresets, (request, { userIds }) => {
    const { session } = member(request);
    request.answer(PresetEvent.getUserPresets, answers.presetsOf(session, userIds));
  }),
  on(PresetEvent.updateUserPreset, async (request, { updatePeersPresets }) => {
    if (updatePeersPresets.length > PERMISSION_CHANGES_MAX) throw new Refused('malformed');
    const changes = updatePeersPresets.map(({ userIds, patch }) => ({
      participantId: userIds,
      patch: patch ? patchFromWire(patch) : {},
    }));
    await request.execute({ type: 'ChangePermissions', by: request.peerId, changes });
    // The changes themselves go to those concerned; the answer names nobody, or a sender's own would come twice.
    request.answer(PresetEvent.updateUserPreset, { updatePeersPresets: [] });
  }),
];

const changeChat = (request: SocketRequest, command: ChatChange): Promise<void> =>
  request.host.changeChat(command, request.origin, () =>
    storedMessage(request.db, chatScope(request), command.messageId),
  );

function chatScope(request: SocketRequest): ChatScope {
  const { session, peer } = member(request);
  return {
    meetingId: request.host.meetingId,
    sessionId: session.id,
    participantId: peer.participantId,
    persistChat: request.host.meeting?.persistChat ?? false,
  };
}

function member(request: SocketRequest): { session: Session; peer: Peer } {
  const { session, peer } = memberOrWaiting(request);
  if (!session || !peer) throw new Refused('not_joined');
  return { session, peer };
}

/** A waiting client asks the same as a joined one, and gets empty answers. */
function memberOrWaiting({ host, peerId }: SocketRequest) {
  return { session: host.state.session, peer: host.state.session?.peers.get(peerId) };
}
