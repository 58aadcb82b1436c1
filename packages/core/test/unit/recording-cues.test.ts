import { BACKEND, type SessionEvent } from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { RECORDING_CUE_MAX_BYTES, RECORDING_CUES_MAX, RECORDING_CUES_MAX_BYTES } from '../../src/limits.js';
import { Meeting, START } from '../support/meeting.js';

/** A session with an interactive recording that runs, and beside it another one that takes no metadata. */
function recorded(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben']) meeting.join(peerId);
  for (const id of ['interactive', 'ordinary']) {
    const recording = {
      id,
      type: 'BROWSER',
      maxMs: null,
      interactive: id === 'interactive',
      order: {},
    } as const;
    meeting.do({ type: 'StartRecording', by: BACKEND, recording, allowMultiple: true });
  }
  return meeting;
}

function begun(): Meeting {
  const meeting = recorded();
  for (const recordingId of ['interactive', 'ordinary'])
    meeting.do({ type: 'FollowRecorder', recordingId, change: { to: 'begun' } });
  return meeting;
}

const say = (meeting: Meeting, payload: unknown, more: { kind?: string; toPeerIds?: string[] } = {}) =>
  meeting.do({
    ...{ type: 'Broadcast', by: 'anna', kind: 'ID3Data', toPeerIds: null, ...more },
    payload: new TextEncoder().encode(JSON.stringify(payload)),
  });
const control = (meeting: Meeting, action: 'pause' | 'resume') =>
  meeting.do({ type: 'ControlRecording', by: BACKEND, recordingId: 'interactive', action });

const ofCues = (meeting: Meeting) =>
  meeting.events.filter(({ type }) => type.startsWith('RecordingCue')) as Extract<
    SessionEvent,
    { recordingId: string }
  >[];
const textsOf = (meeting: Meeting) =>
  ofCues(meeting).flatMap((event) => (event.type === 'RecordingCueAdded' ? [event.text] : []));

describe('timed metadata of an interactive recording (RC40, T12)', () => {
  it('is what is broadcast as ID3Data while it records: a string as it is, everything else as JSON', () => {
    const meeting = begun();
    const told = say(meeting, 'goal');
    expect(told.receivers(RoomEvent.broadcastMessage)).toEqual(['anna', 'ben']);
    say(meeting, { score: [1, 0] });
    expect(ofCues(meeting)).toEqual([
      { type: 'RecordingCueAdded', at: START, recordingId: 'interactive', text: 'goal' },
      { type: 'RecordingCueAdded', at: START, recordingId: 'interactive', text: '{"score":[1,0]}' },
    ]);
  });

  it('is not what has another type, or goes to some people only', () => {
    const meeting = begun();
    say(meeting, 'goal', { kind: 'cheer' });
    say(meeting, 'goal', { toPeerIds: ['ben'] });
    expect(ofCues(meeting)).toEqual([]);
  });

  it('comes from connected meetings as well', () => {
    const meeting = begun();
    meeting.do({ type: 'Relay', from: 'cleo', kind: 'ID3Data', payload: new TextEncoder().encode('"goal"') });
    expect(textsOf(meeting)).toEqual(['goal']);
  });

  it('is not taken before it records, while it is paused, and after CLOSE_TRANSPORT, paused or not', () => {
    const meeting = recorded();
    say(meeting, 'CLOSE_TRANSPORT');
    say(meeting, 'too early');
    meeting.do({ type: 'FollowRecorder', recordingId: 'interactive', change: { to: 'begun' } });
    say(meeting, 'first');
    control(meeting, 'pause');
    say(meeting, 'in the pause');
    control(meeting, 'resume');
    say(meeting, 'second');
    control(meeting, 'pause');
    say(meeting, 'CLOSE_TRANSPORT');
    control(meeting, 'resume');
    say(meeting, 'too late');
    expect(textsOf(meeting)).toEqual(['first', 'second']);
    expect(ofCues(meeting).at(-1)).toMatchObject({ type: 'RecordingCuesClosed', reason: 'asked' });
  });

  it('loses what no database keeps', () => {
    const meeting = begun();
    say(meeting, 'a\0b\ud800c');
    expect(textsOf(meeting)).toEqual(['abc']);
  });

  it('is left out where one message is too long, and closed where all together are too many or too long', () => {
    const meeting = begun();
    const longest = 'é'.repeat(RECORDING_CUE_MAX_BYTES / 2);
    say(meeting, longest);
    say(meeting, `${longest}!`);
    expect(ofCues(meeting)[1]).toMatchObject({
      type: 'RecordingCueDropped',
      bytes: RECORDING_CUE_MAX_BYTES + 1,
    });
    const { cues } = meeting.session.recordings.get('interactive')!;
    expect(cues).toEqual({ count: 1, bytes: RECORDING_CUE_MAX_BYTES, isClosed: false });
    for (let count = 1; count < RECORDING_CUES_MAX_BYTES / RECORDING_CUE_MAX_BYTES; count++)
      say(meeting, longest);
    expect(cues).toMatchObject({ bytes: RECORDING_CUES_MAX_BYTES, isClosed: false });
    say(meeting, '');
    say(meeting, '!');
    expect(ofCues(meeting).at(-1)).toMatchObject({ type: 'RecordingCuesClosed', reason: 'full' });
    expect(cues!.isClosed).toBe(true);
  });

  it('ends at the largest number of messages', () => {
    const meeting = begun();
    meeting.session.recordings.get('interactive')!.cues!.count = RECORDING_CUES_MAX - 1;
    say(meeting, 'last');
    say(meeting, 'surplus');
    say(meeting, 'silence');
    expect(ofCues(meeting).map(({ type }) => type)).toEqual(['RecordingCueAdded', 'RecordingCuesClosed']);
  });
});
