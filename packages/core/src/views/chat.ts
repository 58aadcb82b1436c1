import type { chat } from '@parley/wire';
import type { ChatMessage } from '../state.js';

/** Seconds and milliseconds both, as the SDK's handlers want them (protocol.md 22, pitfall 16). */
export function chatMessage(message: ChatMessage): chat.ChatMessage {
  return {
    chatId: message.id,
    peerId: message.peerId,
    userId: message.participantId,
    displayName: message.displayName,
    pinned: message.pinned,
    isEdited: message.edited,
    payloadType: message.payloadType,
    payload: message.payload,
    targetUserIds: [...message.targetParticipantIds],
    createdAt: Math.floor(message.sentAt / 1000),
    createdAtMs: message.sentAt,
  };
}
