import type { Command } from '../commands.js';
import { accept, type Decision, mayAct, memberOf, peersOfParticipants, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { isStageEnabled, mayAcceptStageRequests, stageAccess } from '../preset.js';
import type { MeetingState, Peer, StageStatus, Timestamp } from '../state.js';
import { mediaLeft, silence } from './media.js';
import { mayConnectMedia } from './producing.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Asks the moderators; who may go on stage by himself is accepted at once (features.md G04, G15). */
export function requestStage(state: MeetingState, command: Of<'RequestStage'>, now: Timestamp): Decision {
  const peer = memberOf(state, command.by)?.peer;
  if (!peer) return refuse('not_joined');
  if (!isStageEnabled(peer.preset)) return refuse('stage_disabled');
  const access = stageAccess(peer.permissions);
  if (access === 'NOT_ALLOWED') return refuse('permission_denied');
  if (peer.stage !== 'OFF_STAGE') return accept();
  const stage = access === 'ALLOWED' ? 'ACCEPTED_TO_JOIN_STAGE' : 'REQUESTED_TO_JOIN_STAGE';
  return accept(stageChanged(peer, stage, now));
}

export function cancelStageRequest(
  state: MeetingState,
  command: Of<'CancelStageRequest'>,
  now: Timestamp,
): Decision {
  const peer = memberOf(state, command.by)?.peer;
  if (!peer) return refuse('not_joined');
  if (peer.stage !== 'REQUESTED_TO_JOIN_STAGE') return accept();
  return accept(stageChanged(peer, 'OFF_STAGE', now));
}

/** Works without a request as well, as an invitation (features.md G08), but not for who may never join (R12). */
export function grantStage(state: MeetingState, command: Of<'GrantStage'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, mayAcceptStageRequests);
  if (refusal) return refuse(refusal);
  const granted = peersOfParticipants(state.session!, command.participantIds)
    .filter((peer) => isStageEnabled(peer.preset) && stageAccess(peer.permissions) !== 'NOT_ALLOWED')
    .filter((peer) => peer.stage === 'OFF_STAGE' || peer.stage === 'REQUESTED_TO_JOIN_STAGE');
  return accept(...granted.map((peer) => stageChanged(peer, 'ACCEPTED_TO_JOIN_STAGE', now, 'granted')));
}

export function denyStage(state: MeetingState, command: Of<'DenyStage'>, now: Timestamp): Decision {
  const refusal = mayAct(state, command.by, mayAcceptStageRequests);
  if (refusal) return refuse(refusal);
  const denied = peersOfParticipants(state.session!, command.participantIds).filter(
    (peer) => peer.stage === 'REQUESTED_TO_JOIN_STAGE' || peer.stage === 'ACCEPTED_TO_JOIN_STAGE',
  );
  return accept(...denied.map((peer) => stageChanged(peer, 'OFF_STAGE', now, 'denied')));
}

/** Only after a grant, or with stage access ALLOWED (features.md G15). */
export function joinStage(state: MeetingState, command: Of<'JoinStage'>, now: Timestamp): Decision {
  const peer = memberOf(state, command.by)?.peer;
  if (!peer) return refuse('not_joined');
  if (!isStageEnabled(peer.preset)) return refuse('stage_disabled');
  const access = stageAccess(peer.permissions);
  if (access === 'NOT_ALLOWED') return refuse('permission_denied');
  const mayEnter =
    peer.stage === 'ON_STAGE' || peer.stage === 'ACCEPTED_TO_JOIN_STAGE' || access === 'ALLOWED';
  return mayEnter ? accept(stageChanged(peer, 'ON_STAGE', now)) : refuse('stage_not_accepted');
}

/** Oneself, or others by a moderator; they stay in the session (features.md G06, G07). */
export function leaveStage(state: MeetingState, command: Of<'LeaveStage'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const { session, peer } = member;
  const others = command.participantIds.some((participantId) => participantId !== peer.participantId);
  if (others && !mayAcceptStageRequests(peer.permissions, peer.preset)) return refuse('permission_denied');
  const leaving = others ? peersOfParticipants(session, command.participantIds) : [peer];
  return accept(
    ...leaving.filter((one) => isStageEnabled(one.preset)).flatMap((one) => offStage(one, peer, now)),
  );
}

/** In a webinar the others are still seen from off the stage; in a livestream the media connection ends with it. */
function offStage(peer: Peer, by: Peer, now: Timestamp): SessionEvent[] {
  const left: Peer = { ...peer, stage: 'OFF_STAGE' };
  const media = mayConnectMedia(left) ? silence(left, by.peerId, now) : mediaLeft(peer, now);
  return [stageChanged(peer, 'OFF_STAGE', now), ...media];
}

function stageChanged(
  peer: Peer,
  stage: StageStatus,
  now: Timestamp,
  answer?: 'granted' | 'denied',
): SessionEvent {
  return { type: 'StageStatusChanged', at: now, peerId: peer.peerId, stage, ...(answer ? { answer } : {}) };
}
