import { isLivestream } from '../preset.js';
import type { Peer, Session } from '../state.js';

/** Peer ids of those who are to be told. */

export function joined(session: Session): string[] {
  return [...session.peers.keys()];
}

/** Producers mean something only to a client whose media join is complete (protocol.md 6.3). */
export function mediaJoined(session: Session, except?: Peer): string[] {
  return allowed(session, (peer) => peer.mediaJoined && peer !== except);
}

export function peersOf(session: Session, participantIds: readonly string[]): string[] {
  const wanted = new Set(participantIds);
  return allowed(session, (peer) => wanted.has(peer.participantId));
}

/** To whom the session is a livestream; their clients alone count viewers. */
export function livestreamPeers(session: Session): string[] {
  return session.livestreamPeers === 0 ? [] : allowed(session, (peer) => isLivestream(peer.preset));
}

export function allowed(session: Session, test: (peer: Peer) => boolean): string[] {
  const peerIds: string[] = [];
  for (const peer of session.peers.values()) if (test(peer)) peerIds.push(peer.peerId);
  return peerIds;
}
