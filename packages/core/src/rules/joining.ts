import { countsAsParticipant } from '../apply.js';
import type { Command } from '../commands.js';
import { accept, type Decision, refuse } from '../decision.js';
import type { SessionEvent } from '../events.js';
import { DISPLAY_NAME_MAX_CHARACTERS, SESSION_PEERS_MAX, WAITING_MAX } from '../limits.js';
import { isStageEnabled, type Permissions, type Preset, stageAccess } from '../preset.js';
import {
  type Identity,
  type MeetingState,
  permissionsIn,
  type Session,
  type StageStatus,
  type Timestamp,
} from '../state.js';
import { tidy } from '../text.js';
import { livestreamOnStart } from './livestream.js';
import { recordingOnStart } from './recording.js';
import { isOver } from './time-limit.js';
import { admitForDoorkeeper } from './waiting-room.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/**
 * Lets a peer in, back in, or into the waiting room. The first one in starts the session (features.md C08, L01);
 * a known peer comes back into its place (S05), and nobody is told of it since nobody was told that it had gone.
 */
export function join(state: MeetingState, command: Of<'Join'>, now: Timestamp): Decision {
  const who: Identity = {
    ...command.who,
    displayName: tidy(command.who.displayName, DISPLAY_NAME_MAX_CHARACTERS),
  };
  const { peerId } = who;
  const joined = state.session?.peers.get(peerId);
  const waiting = state.waiting.get(peerId);
  const known = joined ?? waiting;
  if (known && known.participantId !== who.participantId) return refuse('peer_id_taken');
  if (joined) return accept({ type: 'PeerReconnected', at: now, peerId });
  if (isOver(command.endsAt, now)) return refuse('meeting_over');

  const permissions = permissionsIn(state.session, who);
  if (!command.invited && !waiting?.admitted && mustWait(state, permissions)) {
    if (!waiting && state.waiting.size >= WAITING_MAX) return refuse('waiting_room_full');
    const since = waiting?.since ?? now;
    return accept({ type: 'WaitingStarted', at: now, peer: { ...who, since, admitted: false } });
  }

  const events: SessionEvent[] = [];
  if (!state.session) {
    if (!command.newSession) return refuse('no_session');
    const { id: sessionId, title, keepAliveMs, mainSessionId } = command.newSession;
    const ofMain = mainSessionId === undefined ? {} : { mainSessionId };
    events.push({ type: 'SessionStarted', at: now, sessionId, title, keepAliveMs, ...ofMain });
  } else if (isFull(state.session, who, limitOf(command))) {
    return refuse('session_full');
  }
  // Its preset or its permissions have changed while it waited; those who saw it wait must not go on seeing it.
  if (waiting && !waiting.admitted) events.push({ type: 'WaitingStopped', at: now, peerId });
  events.push({ type: 'PeerJoined', at: now, peer: who, stage: initialStage(who.preset, permissions) });
  if (permissions.accept_waiting_requests) events.push(...admitForDoorkeeper(state, now, peerId));
  if (!state.session && countsAsParticipant(who)) {
    events.push(...recordingOnStart(command.newSession?.recording, now));
    events.push(...livestreamOnStart(command.newSession?.livestream, now));
  }
  return { events };
}

const limitOf = ({ invited, maxParticipants }: Of<'Join'>): number =>
  invited ? SESSION_PEERS_MAX : (maxParticipants ?? SESSION_PEERS_MAX);

/** The bound of a session counts everybody; the limit of a meeting does not count recorders and lets them in. */
function isFull(session: Session, who: Identity, maxParticipants: number): boolean {
  if (session.peers.size >= SESSION_PEERS_MAX) return true;
  if (session.peers.size < maxParticipants || !countsAsParticipant(who)) return false;
  let participants = 0;
  for (const peer of session.peers.values()) if (countsAsParticipant(peer)) participants++;
  return participants >= maxParticipants;
}

/** features.md W02-W04. */
function mustWait(state: MeetingState, permissions: Permissions): boolean {
  if (permissions.waiting_room_type === 'SKIP') return false;
  if (permissions.waiting_room_type === 'SKIP_ON_ACCEPT') return true;
  return !permissions.accept_waiting_requests && !isDoorkeeperIn(state);
}

function isDoorkeeperIn(state: MeetingState): boolean {
  for (const peer of state.session?.peers.values() ?? []) {
    if (peer.permissions.accept_waiting_requests) return true;
  }
  return false;
}

/** Without a stage everybody is on it, or the SDK would neither send nor receive media (protocol.md 5.2). */
function initialStage(preset: Preset, permissions: Permissions): StageStatus {
  if (!isStageEnabled(preset)) return 'ON_STAGE';
  return stageAccess(permissions) === 'ALLOWED' ? 'ON_STAGE' : 'OFF_STAGE';
}
