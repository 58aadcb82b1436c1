import { isVisible, type MeetingState, type Peer, type Producer } from '@parley/core';
import * as limits from '../../src/limits.js';
import { ensure, ensureSame } from './ensure.js';

/**
 * Why a peer may not send this now, worked out from the preset's own words and not by the rules under test
 * (features.md R12-R15, C21, G02, X09).
 */
export function whyNotSend(peer: Peer, { kind, screenShare }: Producer): string | null {
  const { viewType, permissions: original } = peer.preset;
  const withStage = original.stage_enabled || viewType === 'WEBINAR' || viewType === 'LIVESTREAM';
  const permission = peer.permissions.media[screenShare ? 'screenshare' : kind].can_produce;
  if (peer.unmuteForbidden && kind === 'audio' && !screenShare) return 'muted by the backend';
  if (viewType === 'AUDIO_ROOM' && kind === 'video') return 'video in an audio room';
  if (withStage && peer.stage !== 'ON_STAGE') return 'off the stage';
  if (permission === 'NOT_ALLOWED' || (permission === 'CAN_REQUEST' && !withStage)) return 'not permitted';
  return null;
}

export function ensureWithinLimits({ session, waiting }: MeetingState): void {
  ensure(waiting.size <= limits.WAITING_MAX, 'over WAITING_MAX');
  if (!session) return;
  ensure(session.peers.size <= limits.SESSION_PEERS_MAX, 'over SESSION_PEERS_MAX');
  ensure(session.speakers.length <= limits.SPEAKERS_MAX, 'over SPEAKERS_MAX');
  ensure(session.recordings.size <= limits.RECORDINGS_MAX, 'over RECORDINGS_MAX');
  for (const { cues } of session.recordings.values()) {
    ensure((cues?.count ?? 0) <= limits.RECORDING_CUES_MAX, 'over RECORDING_CUES_MAX');
    ensure((cues?.bytes ?? 0) <= limits.RECORDING_CUES_MAX_BYTES, 'over RECORDING_CUES_MAX_BYTES');
  }
  ensure(session.polls.size <= limits.POLLS_MAX, 'over POLLS_MAX');
  ensure(session.chat.size <= limits.CHAT_HISTORY_MESSAGES, 'over CHAT_HISTORY_MESSAGES');
  const messages = [...session.chat.values()];
  const characters = messages.map((one) => one.payload.length + sum(lengths(one.targetParticipantIds)));
  ensure(session.chatCharacters === sum(characters), 'chatCharacters');
  ensure(session.stores.size <= limits.STORES_MAX, 'over STORES_MAX');
  for (const [name, store] of session.stores) ensure(store.size > 0, `store ${name} is empty`);
  for (const poll of session.polls.values()) {
    const voters = poll.options.flatMap((option) => option.votes.map((vote) => vote.participantId));
    ensureSame(voters.toSorted(), [...poll.voted].toSorted(), 'the voters of a poll');
  }
  const items = [...session.stores.values()].flatMap((store) => [...store.values()]);
  const bytes = items.map((item) => Buffer.byteLength(item.key + item.payload));
  ensure(session.storeBytes === sum(bytes), 'storeBytes');
  for (const peer of session.peers.values()) {
    ensure(peer.displayName.length <= limits.DISPLAY_NAME_MAX_CHARACTERS, 'over DISPLAY_NAME_MAX_CHARACTERS');
    ensure(peer.producers.size <= limits.PRODUCERS_PER_PEER_MAX, 'over PRODUCERS_PER_PEER_MAX');
  }
  const peers = [...session.peers.values()];
  ensure(session.visiblePeers === peers.filter(isVisible).length, 'visiblePeers');
  const ofLivestream = peers.filter((peer) => peer.preset.viewType === 'LIVESTREAM');
  ensure(session.livestreamPeers === ofLivestream.length, 'livestreamPeers');
  for (const { mediaJoined, stage, peerId } of ofLivestream) {
    ensure(!mediaJoined || stage === 'ON_STAGE', `${peerId} has media off the stage of a livestream`);
  }
  ensure(session.pinnedPeerId === null || session.peers.has(session.pinnedPeerId), 'somebody gone is pinned');
  for (const peerId of session.speakers) ensure(session.peers.has(peerId), 'somebody gone speaks');
}

const lengths = (texts: readonly string[]): number[] => texts.map((text) => text.length);
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
