import { MediaEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import { isVisible } from '../rules/visibility.js';
import type { Peer, Session } from '../state.js';
import { type Effect, message } from './effects.js';
import { producerState, roomParticipant } from './peers.js';
import { mediaJoined } from './receivers.js';

/** What peers send, and who speaks. */

type Of<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

export function viewOfMedia(
  session: Session,
  event: Of<'MediaJoined' | 'ProducerAdded' | 'ProducerToggled' | 'ProducerClosed'>,
): Effect[] {
  const peer = session.peers.get(event.peerId);
  if (!peer) return [];
  const others = audience(session, peer);
  switch (event.type) {
    case 'MediaJoined':
      return [message(others, MediaEvent.peerJoinedBroadcast, { participant: roomParticipant(peer) })];
    case 'ProducerAdded': {
      const added = peer.producers.get(event.producer.producerId);
      if (!added) return [];
      const payload = { participantId: peer.peerId, producerState: producerState(added) };
      const effects: Effect[] = [message(others, MediaEvent.peerProducerCreateBroadcast, payload)];
      if (added.paused) effects.push({ type: 'muteProducer', producerId: added.producerId, muted: true });
      return effects;
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
      // The owner is told only of what others did to him; his client then switches the device off itself.
      const to = event.by === peer.peerId ? others : [peer.peerId, ...others];
      return [
        message(to, MediaEvent.peerProducerToggleBroadcast, payload),
        { type: 'muteProducer', producerId, muted: paused },
      ];
    }
    case 'ProducerClosed': {
      const { producerId } = event;
      // Only the id is read; the rest must be there.
      const producerState = { producerId, kind: 0, pause: true, screenShare: false } as const;
      const payload = { participantId: peer.peerId, producerState };
      return [
        message(others, MediaEvent.peerProducerCloseBroadcast, payload),
        { type: 'closeProducer', peerId: peer.peerId, producerId },
      ];
    }
  }
}

/** Priorities above zero are places in the ranking, from 1 (protocol.md 6.8). */
export function viewOfSpeakers(session: Session): Effect[] {
  const entries = session.speakers.map((peerId, place) => ({ peerId, priority: place + 1 }));
  return [message(mediaJoined(session), MediaEvent.selectedPeerDiff, { entries })];
}

/**
 * Those who are to know what the peer sends: nobody of a hidden one, and nobody before its media join is complete,
 * which is told with all its producers and would bring them a second time.
 */
function audience(session: Session, peer: Peer): string[] {
  return isVisible(peer) && peer.mediaJoined ? mediaJoined(session, peer) : [];
}
