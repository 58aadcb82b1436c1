import type { Command } from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { expect, it } from 'vitest';
import { Meeting, START } from '../support/meeting.js';
import { guest } from '../support/presets.js';

const transcribed = { transcription_enabled: true };

function room(): Meeting {
  const meeting = new Meeting();
  meeting.join('anna', guest(transcribed));
  meeting.join('ben');
  return meeting;
}
const say = (meeting: Meeting, peerId: string, text = 'Hello', isPartial = false): Command => ({
  type: 'Transcribe',
  participantId: meeting.state.session?.peers.get(peerId)?.participantId ?? peerId,
  text,
  isPartial,
});

it('what somebody has said is told to everybody, as one line of CSV (A01, A02)', () => {
  const meeting = room();
  const { participantId, customParticipantId, displayName } = meeting.state.session!.peers.get('anna')!;
  const told = meeting.do(say(meeting, 'anna', 'He said "no",\n and left', true));
  expect(told.receivers(RoomEvent.transcript)).toEqual(['anna', 'ben']);
  const { transcript, isPartial, meetingId } = told.message(RoomEvent.transcript);
  expect([isPartial, meetingId]).toEqual([true, meeting.state.meetingId]);
  const fields = [String(START / 1000), 'anna', participantId, customParticipantId, displayName];
  expect(transcript).toBe(`"${fields.join('","')}","He said ""no"", and left"`);
});

it('words of those whose preset has no transcription are told to nobody (R34)', () => {
  const meeting = room();
  expect(meeting.refusalOf(say(meeting, 'ben'))).toBe('not_transcribed');
  meeting.join('host', guest({ can_change_participant_permissions: true }));
  const { participantId } = meeting.state.session!.peers.get('ben')!;
  meeting.do({ type: 'ChangePermissions', by: 'host', changes: [{ participantId, patch: transcribed }] });
  expect(meeting.refusalOf(say(meeting, 'ben'))).toBeNull();
});

it('who is not there, or hidden, has said nothing, and neither has an empty text', () => {
  const meeting = room();
  meeting.join('hidden', guest({ ...transcribed, hidden_participant: true }));
  expect(meeting.refusalOf(say(meeting, 'hidden'))).toBe('peer_unknown');
  expect(meeting.refusalOf(say(meeting, 'nobody'))).toBe('peer_unknown');
  expect(meeting.refusalOf(say(meeting, 'anna', '  '))).toBe('message_invalid');
  expect(new Meeting().refusalOf(say(meeting, 'anna'))).toBe('no_session');
});
