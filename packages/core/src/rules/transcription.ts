import type { Command } from '../commands.js';
import { accept, type Decision, refuse } from '../decision.js';
import { TRANSCRIPT_MAX_CHARACTERS } from '../limits.js';
import type { MeetingState, Timestamp } from '../state.js';
import { isUsable } from '../text.js';
import { isVisible } from './visibility.js';

type Of<T extends Command['type']> = Extract<Command, { type: T }>;

/** Only words of those whose preset says so become text (features.md A01, R34); of several tabs the last one speaks. */
export function transcribe(state: MeetingState, command: Of<'Transcribe'>, now: Timestamp): Decision {
  const { session } = state;
  if (!session) return refuse('no_session');
  const { participantId, text, isPartial } = command;
  const peers = [...session.peers.values()].filter((peer) => peer.participantId === participantId);
  const speaker = peers.findLast(isVisible);
  if (!speaker) return refuse('peer_unknown');
  if (!speaker.permissions.transcription_enabled) return refuse('not_transcribed');
  if (!isUsable(text, TRANSCRIPT_MAX_CHARACTERS)) return refuse('message_invalid');
  return accept({ type: 'SpeechTranscribed', at: now, peerId: speaker.peerId, text, isPartial });
}
