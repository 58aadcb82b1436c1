import { expect } from 'vitest';
import type { Arrival } from '../support/receiver.js';
import type { Session, SessionPeer } from '../support/session-stage.js';

/**
 * Holds what a receiver got of an ended session against what the API tells of it: one start, one join and one leave
 * of each peer, one end. A delivery may have come more than once, then under the same id and with the same bytes.
 */
export function expectToldOnce(arrivals: Arrival[], session: Session, peers: SessionPeer[]): void {
  const deliveries = new Map<string, Arrival>();
  for (const arrival of arrivals.filter(({ sessionId }) => sessionId === session.id)) {
    const id = arrival.headers['rtk-uuid'] as string;
    const known = deliveries.get(id);
    if (known) expect(arrival.body.equals(known.body)).toBe(true);
    else deliveries.set(id, arrival);
  }
  const of = (event: string) => [...deliveries.values()].filter((arrival) => arrival.event === event);
  const peerIds = (event: string) => of(event).map(({ peerId }) => peerId);
  const expected = peers.map(({ id }) => id).toSorted();

  expect(session.status).toBe('ENDED');
  expect(of('meeting.started')).toHaveLength(1);
  expect(peerIds('meeting.participantJoined').toSorted()).toEqual(expected);
  expect(peerIds('meeting.participantLeft').toSorted()).toEqual(expected);
  expect(of('meeting.ended')).toHaveLength(1);
}
