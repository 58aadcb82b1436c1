import type { Command } from '../commands.js';
import { accept, type Decision, memberOf, refuse } from '../decision.js';
import { CHAT_PAYLOAD_MAX_CHARACTERS, CHAT_TARGETS_MAX, CHAT_TEXT_MAX_CHARACTERS } from '../limits.js';
import type { RefusalCode } from '../refusals.js';
import type { ChatMessage, MeetingState, Peer, Session, Timestamp } from '../state.js';
import { isStorable, isUsable, parseObject } from '../text.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Payload types of the wire (features.md S37). */
const TEXT = 0;
const IMAGE = 1;
const FILE = 2;
const CUSTOM = 3;

export function sendChat(state: MeetingState, command: Of<'SendChat'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const { session, peer } = member;
  const { payloadType, payload } = command;
  const refusal = whyNotWrite(peer, command.toPeerIds !== null, payloadType, payload);
  if (refusal) return refuse(refusal);
  if (command.toPeerIds && command.toPeerIds.length > CHAT_TARGETS_MAX) return refuse('message_invalid');

  const receivers = command.toPeerIds && privateReceivers(session, peer, command.toPeerIds);
  const message: ChatMessage = {
    id: command.messageId,
    peerId: peer.peerId,
    participantId: peer.participantId,
    displayName: peer.displayName,
    payloadType,
    payload,
    targetParticipantIds: receivers ? [...new Set(receivers.map((receiver) => receiver.participantId))] : [],
    pinned: false,
    edited: false,
    sentAt: now,
  };
  const toPeerIds = receivers?.map((receiver) => receiver.peerId) ?? null;
  return accept({ type: 'ChatMessageSent', at: now, message, toPeerIds });
}

/** The author, and those of the named peers that may receive private messages (features.md R20, S40). */
function privateReceivers(session: Session, author: Peer, peerIds: readonly string[]): Peer[] {
  const wanted = new Set(peerIds);
  return [...session.peers.values()].filter(
    (peer) => peer === author || (wanted.has(peer.peerId) && peer.permissions.chat.private.can_receive),
  );
}

/** Nobody but the author changes a message (features.md OQ09), and only to what he may still write. */
export function editChat(state: MeetingState, command: Of<'EditChat'>, now: Timestamp): Decision {
  const own = ownMessage(state, command);
  if ('refusal' in own) return own;
  const { payload, messageId, older } = command;
  const isPrivate = own.message.targetParticipantIds.length > 0;
  const refusal = whyNotWrite(own.author, isPrivate, own.message.payloadType, payload);
  if (refusal) return refuse(refusal);
  return accept({ type: 'ChatMessageEdited', at: now, messageId, payload, ...(older && { older }) });
}

export function deleteChat(state: MeetingState, command: Of<'DeleteChat'>, now: Timestamp): Decision {
  const own = ownMessage(state, command);
  if ('refusal' in own) return own;
  const { id: messageId, targetParticipantIds } = own.message;
  return accept({ type: 'ChatMessageDeleted', at: now, messageId, targetParticipantIds });
}

/** Open to everybody who may write in the room, but not for private messages (features.md H08). */
export function pinChat(state: MeetingState, command: Of<'PinChat'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const { messageId, pinned, older } = command;
  const message = member.session.chat.get(messageId) ?? older;
  if (!message || !isVisibleTo(message, member.peer)) return refuse('message_unknown');
  if (!member.peer.permissions.chat.public.can_send) return refuse('permission_denied');
  if (message.targetParticipantIds.length > 0) return refuse('private_pin');
  return accept({ type: 'ChatMessagePinned', at: now, messageId, pinned, ...(older && { older }) });
}

export function isVisibleTo(message: ChatMessage, peer: Peer): boolean {
  return (
    message.targetParticipantIds.length === 0 || message.targetParticipantIds.includes(peer.participantId)
  );
}

function ownMessage(
  state: MeetingState,
  { by, messageId, older }: Of<'EditChat' | 'DeleteChat'>,
): { message: ChatMessage; author: Peer } | { refusal: RefusalCode } {
  const member = memberOf(state, by);
  if (!member) return { refusal: 'not_joined' };
  const message = member.session.chat.get(messageId) ?? older;
  if (!message || !isVisibleTo(message, member.peer)) return { refusal: 'message_unknown' };
  const author = member.peer;
  return message.participantId === author.participantId ? { message, author } : { refusal: 'not_the_author' };
}

function whyNotWrite(
  peer: Peer,
  isPrivate: boolean,
  payloadType: number,
  payload: string,
): RefusalCode | null {
  const rights = peer.permissions.chat[isPrivate ? 'private' : 'public'];
  if (!rights.can_send || !maySendType(rights, payloadType, payload)) return 'permission_denied';
  return isValidPayload(payloadType, payload) ? null : 'message_invalid';
}

function maySendType(
  rights: { text: boolean; files: boolean },
  payloadType: number,
  payload: string,
): boolean {
  if (payloadType === TEXT) return rights.text;
  if (payloadType !== CUSTOM) return rights.files;
  const custom = parseObject(payload);
  const carriesFiles = ['images', 'videos', 'files'].some((key) => {
    const list = custom?.[key];
    return Array.isArray(list) && list.length > 0;
  });
  return rights.text && (rights.files || !carriesFiles);
}

/** A payload that is not of its declared type would break the other clients' handlers (protocol.md 11). */
function isValidPayload(payloadType: number, payload: string): boolean {
  if (payloadType === TEXT) return isUsable(payload, CHAT_TEXT_MAX_CHARACTERS);
  if (payload.length > CHAT_PAYLOAD_MAX_CHARACTERS || !isStorable(payload)) return false;
  if (payloadType === IMAGE) return /^https?:\/\/\S+$/.test(payload);
  if (payloadType !== FILE && payloadType !== CUSTOM) return false;
  const content = parseObject(payload);
  if (!content) return false;
  return (
    payloadType === CUSTOM || (typeof content.link === 'string' && /^https?:\/\/\S+$/.test(content.link))
  );
}
