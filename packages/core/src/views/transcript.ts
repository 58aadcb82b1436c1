import { RoomEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import type { MeetingState, Session } from '../state.js';
import { type Effect, message } from './effects.js';
import { joined } from './receivers.js';

/** To everybody, in the form of the SDK's `transcript` event (features.md A02). */
export function viewOfTranscript(
  { meetingId }: MeetingState,
  session: Session,
  { at, peerId, text, isPartial }: Extract<SessionEvent, { type: 'SpeechTranscribed' }>,
): Effect[] {
  const peer = session.peers.get(peerId);
  if (!peer) return [];
  const { participantId, customParticipantId, displayName } = peer;
  const seconds = String(Math.floor(at / 1000));
  const transcript = [seconds, peerId, participantId, customParticipantId, displayName, text]
    .map(csvField)
    .join(',');
  return [message(joined(session), RoomEvent.transcript, { meetingId, transcript, isPartial })];
}

/** One line of CSV (RFC 4180; protocol.md 18). The SDK takes each line of a longer text for a message of its own. */
const csvField = (text: string): string =>
  `"${text.replaceAll(/\s*[\r\n]+\s*/g, ' ').replaceAll('"', '""')}"`;
