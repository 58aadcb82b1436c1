import { isAbandoned } from '../apply.js';
import type { Actor, Command } from '../commands.js';
import { accept, type Decision, mayAct, refuse } from '../decision.js';
import type { DurableEvent, EndReason, LeaveReason, SessionEvent } from '../events.js';
import type { MeetingState, Peer, Session, Timestamp } from '../state.js';
import { endLivestream } from './livestream.js';
import { stopWithAbandonedSession, stopWithSession } from './recording.js';
import { isVisible } from './visibility.js';
import { turnAwayWaiting } from './waiting-room.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** The caller alone goes; the session lives on for the others (features.md E04, E05). */
export function leave(state: MeetingState, command: Of<'Leave'>, now: Timestamp): Decision {
  const { peerId } = command;
  if (state.waiting.has(peerId)) return accept({ type: 'WaitingStopped', at: now, peerId });
  const peer = state.session?.peers.get(peerId);
  return peer ? accept(left(peer, 'left', now)) : accept();
}

/** A waiting peer has nothing to come back to: its client joins anew (protocol.md 3.6). */
export function loseConnection(state: MeetingState, command: Of<'LoseConnection'>, now: Timestamp): Decision {
  const { peerId } = command;
  if (state.waiting.has(peerId)) return accept({ type: 'WaitingStopped', at: now, peerId });
  if (!state.session?.peers.has(peerId)) return accept();
  return accept({ type: 'PeerConnectionLost', at: now, peerId });
}

export function giveUpPeer(state: MeetingState, command: Of<'GiveUpPeer'>, now: Timestamp): Decision {
  const peer = state.session?.peers.get(command.peerId);
  if (!peer || peer.lostAt === null || now < peer.lostAt + command.graceMs) return accept();
  return accept(left(peer, 'connection_lost', now));
}

/** Removes peers and nobody else (features.md K02, K28). Peers that are gone already are passed over (S31). */
export function kickPeers(state: MeetingState, command: Of<'KickPeers'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.kick_participant);
  if (refusal) return refuse(refusal);
  const kicked = [...new Set(command.peerIds)].flatMap((peerId) => state.session?.peers.get(peerId) ?? []);
  return accept(...kicked.map((peer) => left(peer, 'kicked', now)));
}

/**
 * Ends the session for all, at once and without a grace period (features.md E01, E06, L05). Recordings
 * stop with it (E02), and who still waits is turned away (OQ08).
 */
export function endSession(state: MeetingState, command: Of<'EndSession'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, (permissions) => permissions.kick_participant);
  if (refusal) return refuse(refusal);
  return accept(...endForAll(state, state.session!, command.by, 'HOST_ENDED_MEETING', now));
}

/** The end of a session that people are in: recordings and its livestream stop with it, and who still waits is turned away. */
export function endForAll(
  state: MeetingState,
  session: Session,
  by: Actor,
  reason: EndReason,
  now: Timestamp,
): SessionEvent[] {
  return [
    ...turnAwayWaiting(state, now),
    ...stopWithSession(session, by, now),
    ...endLivestream(session, now),
    ended(session, reason, now),
  ];
}

/** Ends a session whose people have all left and stayed away for the keep-alive time (features.md L02-L04). */
export function endIfAbandoned(state: MeetingState, now: Timestamp): Decision {
  const { session } = state;
  if (!session || session.emptySince === null || !isAbandoned(session)) return accept();
  if (now < session.emptySince + session.keepAliveMs) return accept();
  return accept(
    ...stopWithAbandonedSession(session, now),
    ...endLivestream(session, now),
    ended(session, 'ALL_PARTICIPANTS_LEFT', now),
  );
}

export function left(peer: Peer, reason: LeaveReason, now: Timestamp): DurableEvent & { type: 'PeerLeft' } {
  const { peerId, stage } = peer;
  return {
    type: 'PeerLeft',
    at: now,
    peerId,
    reason,
    hidden: !isVisible(peer),
    ...(stage === 'REQUESTED_TO_JOIN_STAGE' ? { requestedStage: true } : {}),
  };
}

function ended(session: Session, reason: EndReason, now: Timestamp): SessionEvent {
  return { type: 'SessionEnded', at: now, reason, peerIds: [...session.peers.keys()] };
}
