import { type Actor, BACKEND } from './commands.js';
import type { SessionEvent } from './events.js';
import type { Permissions, Preset } from './preset.js';
import type { RefusalCode } from './refusals.js';
import type { MeetingState, Peer, Session } from './state.js';

/** The outcome of a command: events, which may be none, or a refusal that changes nothing. */
export type Decision = { events: SessionEvent[] } | { refusal: RefusalCode };

export const refuse = (refusal: RefusalCode): Decision => ({ refusal });
export const accept = (...events: SessionEvent[]): Decision => ({ events });

export type Member = { session: Session; peer: Peer };

/** The joined peer that gives a command, or the refusal. */
export function memberOf(state: MeetingState, peerId: string): Member | undefined {
  const session = state.session;
  const peer = session?.peers.get(peerId);
  return session && peer ? { session, peer } : undefined;
}

/** Whether the actor is the backend, or a joined peer to whom the permission check says yes. */
export function mayAct(
  state: MeetingState,
  by: Actor,
  allows: (permissions: Permissions, preset: Preset) => boolean,
): RefusalCode | null {
  if (!state.session) return 'no_session';
  if (by === BACKEND) return null;
  const peer = state.session.peers.get(by);
  if (!peer) return 'not_joined';
  return allows(peer.permissions, peer.preset) ? null : 'permission_denied';
}

export function peersOfParticipants(session: Session, participantIds: readonly string[]): Peer[] {
  const wanted = new Set(participantIds);
  return [...session.peers.values()].filter((peer) => wanted.has(peer.participantId));
}
