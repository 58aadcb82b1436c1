import type { Command } from '../commands.js';
import { accept, type Decision, memberOf, refuse } from '../decision.js';
import { BROADCAST_PAYLOAD_MAX_BYTES, BROADCAST_TYPE_MAX_CHARACTERS } from '../limits.js';
import type { MeetingState, Timestamp } from '../state.js';
import { isJson } from '../text.js';
import { recordingCues } from './recording-cues.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** The SDK keeps this type for itself (features.md R08, T08). */
const SPOTLIGHT = 'spotlight';
/** Types that begin like this are the server's own. */
const RESERVED_PREFIX = 'parley.';

/** To everybody, the sender included, or to the named others that are in (features.md T08, T09). */
export function broadcast(state: MeetingState, command: Of<'Broadcast'>, now: Timestamp): Decision {
  const member = memberOf(state, command.by);
  if (!member) return refuse('not_joined');
  const { kind, payload } = command;
  if (kind === '' || kind.length > BROADCAST_TYPE_MAX_CHARACTERS) return refuse('broadcast_invalid');
  if (payload.length > BROADCAST_PAYLOAD_MAX_BYTES || !isJson(new TextDecoder().decode(payload))) {
    return refuse('broadcast_invalid');
  }
  if (kind.startsWith(RESERVED_PREFIX)) return refuse('permission_denied');
  if (kind === SPOTLIGHT && !member.peer.permissions.can_spotlight) return refuse('permission_denied');
  const { by: from, toPeerIds } = command;
  const cues = toPeerIds ? [] : recordingCues(member.session, command, now);
  const to = toPeerIds && [...new Set(toPeerIds)].filter((id) => id !== from && member.session.peers.has(id));
  return accept(...cues, { type: 'MessageBroadcast', at: now, from, kind, payload, to });
}

/** To everybody here, from somebody of a connected meeting (features.md B13). */
export function relay(state: MeetingState, command: Of<'Relay'>, now: Timestamp): Decision {
  if (!state.session) return refuse('no_session');
  const { from, kind, payload } = command;
  const to = [...state.session.peers.keys()];
  const cues = recordingCues(state.session, command, now);
  return accept(...cues, { type: 'MessageBroadcast', at: now, from, kind, payload, to });
}
