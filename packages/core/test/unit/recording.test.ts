import {
  answers,
  BACKEND,
  changeRecording,
  type NewRecording,
  nextRecordingStop,
  type Recording,
  type RecordingChange,
  recordedMs,
  type SessionEvent,
  type StopReason,
} from '@parley/core';
import { common, RoomEvent } from '@parley/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEEP_ALIVE_MS, Meeting, participantOf, START } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

const EMPTY_MS = 60_000;
const STOP: StopReason = { reason: 'API_CALL', caller: null, detail: 'stopped' };

const recording = (id: string, more: Partial<NewRecording> = {}): NewRecording => ({
  id,
  type: 'BROWSER',
  maxMs: null,
  order: { outputFileName: `${id}.mp4` },
  ...more,
});

function started(more: Partial<NewRecording> = {}): Meeting {
  const meeting = new Meeting();
  meeting.join('host', host({ can_record: true }));
  meeting.join('anna');
  meeting.do({
    type: 'StartRecording',
    by: BACKEND,
    recording: recording('first', more),
    allowMultiple: false,
  });
  return meeting;
}

const begin = (meeting: Meeting, recordingId = 'first') =>
  meeting.do({ type: 'FollowRecorder', recordingId, change: { to: 'begun' } });
const control = (meeting: Meeting, action: 'stop' | 'pause' | 'resume', recordingId = 'first') =>
  meeting.do({ type: 'ControlRecording', by: BACKEND, recordingId, action });
const changes = (meeting: Meeting) =>
  meeting.events.filter(
    (event): event is Extract<SessionEvent, { type: 'RecordingChanged' }> =>
      event.type === 'RecordingChanged',
  );
const statusOf = (meeting: Meeting, id = 'first') => meeting.session.recordings.get(id)?.recording.status;

describe('starting a recording', () => {
  it('notes who started it: the backend, or somebody in the session (RC12)', () => {
    const meeting = started();
    meeting.do({
      type: 'StartRecording',
      by: 'host',
      recording: recording('second'),
      allowMultiple: true,
    });
    const invoked = meeting.events.filter((event) => event.type === 'RecordingInvoked');
    expect(invoked.map((event) => event.start)).toEqual([
      { reason: 'API_CALL', caller: { type: 'ORGANIZATION' } },
      {
        reason: 'API_CALL',
        caller: { type: 'USER', participantId: participantOf('host'), name: 'HOST' },
      },
    ]);
  });

  it('needs can_record of who is in the session, and a session (R06, RC50)', () => {
    const meeting = started();
    const start = (by: string | typeof BACKEND) =>
      ({ type: 'StartRecording', by, recording: recording('x'), allowMultiple: true }) as const;
    expect(meeting.refusalOf(start('anna'))).toBe('permission_denied');
    expect(meeting.refusalOf(start('nobody'))).toBe('not_joined');
    expect(new Meeting().refusalOf(start(BACKEND))).toBe('no_session');
  });

  it('is refused while another one of its type runs, unless that is wanted (RC09)', () => {
    const meeting = started();
    const start = (more: Partial<NewRecording>, allowMultiple = false) =>
      ({ type: 'StartRecording', by: BACKEND, recording: recording('x', more), allowMultiple }) as const;
    expect(meeting.refusalOf(start({}))).toBe('recording_in_progress');
    expect(meeting.refusalOf(start({}, true))).toBeNull();
    expect(meeting.refusalOf(start({ type: 'TRACK' }))).toBeNull();
    control(meeting, 'stop');
    expect(meeting.refusalOf(start({}))).toBeNull();
  });

  it('comes with the first participant where the meeting wants it, and with no recorder (RC01, L25)', () => {
    const meeting = new Meeting();
    const join = meeting.joinCommand('anna');
    const wanted = recording('on-start');
    const newSession = { id: 's', title: '', keepAliveMs: KEEP_ALIVE_MS, recording: wanted };
    meeting.do({ ...join, newSession } as typeof join);
    expect(meeting.events.at(-1)).toMatchObject({
      type: 'RecordingInvoked',
      start: { reason: 'RECORD_ON_START', caller: null },
    });
    const again = meeting.joinCommand('ben');
    meeting.do({ ...again, newSession } as typeof again);
    expect(meeting.session.recordings.size).toBe(1);
  });
});

describe('who may only come into a session that runs', () => {
  it('starts none (L13)', () => {
    const meeting = new Meeting();
    const join = meeting.joinCommand('recorder', guest({ recorder_type: 'RECORDER' }));
    expect(meeting.refusalOf({ ...join, newSession: null } as typeof join)).toBe('no_session');
  });
});

describe('each change of a recording', () => {
  it('is told to everybody, and to who comes later (RC08)', () => {
    const meeting = started();
    const roomState = () => answers.roomInfo(meeting.state).room?.activeRecordings;
    expect(roomState()).toEqual([
      { recordingId: 'first', recordingType: common.RecordingType.BROWSER, recordingStatus: 'STARTING' },
    ]);
    expect(begin(meeting).receivers(RoomEvent.recordingStarted)).toEqual(['host', 'anna']);
    expect(roomState()?.[0]?.recordingStatus).toBe('RECORDING');
    expect(control(meeting, 'pause').receivers(RoomEvent.recordingPaused)).toEqual(['host', 'anna']);
    expect(roomState()?.[0]?.recordingStatus).toBe('PAUSED');
    expect(control(meeting, 'resume').receivers(RoomEvent.recordingStarted)).toEqual(['host', 'anna']);
    expect(control(meeting, 'stop').message(RoomEvent.recordingStopped, 'anna')).toEqual({
      recordingId: 'first',
      recordingType: common.RecordingType.BROWSER,
      errMessage: '',
    });
    expect(roomState()).toEqual([]);
  });

  it('says why a recording did not start', () => {
    const meeting = started();
    const error = { code: 'page_failed', message: 'The page did not load' };
    const told = meeting.do({
      type: 'FollowRecorder',
      recordingId: 'first',
      change: { to: 'failed', error },
    });
    expect(told.message(RoomEvent.recordingStopped, 'anna').errMessage).toBe('The page did not load');
  });

  it('is refused when it does not fit', () => {
    const meeting = started();
    const order = (action: 'stop' | 'pause' | 'resume', recordingId = 'first') =>
      ({ type: 'ControlRecording', by: BACKEND, recordingId, action }) as const;
    expect(meeting.refusalOf(order('pause'))).toBe('recording_state');
    expect(meeting.refusalOf(order('resume'))).toBe('recording_state');
    expect(meeting.refusalOf(order('stop', 'another'))).toBe('recording_unknown');
    expect(meeting.refusalOf({ ...order('stop'), by: 'anna' })).toBe('permission_denied');
  });
});

describe('a recording ends by itself', () => {
  it('before its session, when somebody ends that (E02, X13)', () => {
    const meeting = started();
    begin(meeting);
    const told = meeting.after(5_000).do({ type: 'EndSession', by: 'host' });
    expect(told.to('anna')).toEqual(['room.recordingStopped', 'room.kickAll']);
    expect(changes(meeting).at(-1)?.change).toMatchObject({
      to: 'stopped',
      stop: {
        reason: 'API_CALL',
        caller: { type: 'USER', participantId: participantOf('host') },
        detail: 'session_ended',
      },
    });
    expect(meeting.events.slice(-2).map((event) => event.type)).toEqual(['RecordingChanged', 'SessionEnded']);
  });

  it('when its session has been left for the keep-alive time (L13)', () => {
    const meeting = started();
    meeting.leave('host');
    meeting.leave('anna');
    meeting.after(KEEP_ALIVE_MS).do({ type: 'EndIfAbandoned' });
    expect(changes(meeting).at(-1)?.change).toMatchObject({ stop: { reason: 'ALL_PEERS_LEFT' } });
    expect(meeting.state.session).toBeNull();
  });

  it('when nobody was there for a while, although the session goes on (L14, RC11)', () => {
    const meeting = started();
    begin(meeting);
    meeting.join('recorder', guest({ recorder_type: 'RECORDER' }));
    const due = { type: 'StopDueRecordings' as const, emptyMs: EMPTY_MS / 2 };
    expect(nextRecordingStop(meeting.session, EMPTY_MS / 2)).toBeNull();
    meeting.leave('host');
    meeting.leave('anna');
    expect(nextRecordingStop(meeting.session, EMPTY_MS / 2)).toBe(START + EMPTY_MS / 2);
    expect(meeting.after(EMPTY_MS / 2 - 1).eventsOf(due)).toEqual([]);
    meeting.after(1).do(due);
    expect(changes(meeting).at(-1)?.change).toMatchObject({ stop: { reason: 'ALL_PEERS_LEFT' } });
    expect(meeting.state.session).not.toBeNull();
  });

  it('at its longest time, pauses left out (RC11)', () => {
    const meeting = started({ maxMs: 60_000 });
    const due = { type: 'StopDueRecordings' as const, emptyMs: EMPTY_MS };
    begin(meeting);
    expect(nextRecordingStop(meeting.session, EMPTY_MS)).toBe(START + 60_000);
    control(meeting.after(20_000), 'pause');
    expect(nextRecordingStop(meeting.session, EMPTY_MS)).toBeNull();
    control(meeting.after(100_000), 'resume');
    expect(nextRecordingStop(meeting.session, EMPTY_MS)).toBe(START + 160_000);
    expect(meeting.after(39_999).eventsOf(due)).toEqual([]);
    meeting.after(1).do(due);
    expect(changes(meeting).at(-1)?.change).toMatchObject({ stop: { detail: 'max_seconds' } });
    expect(statusOf(meeting)).toBeUndefined();
  });
});

describe('the states of a recording', () => {
  it.each([
    ['1.6 s ago', -1_600, -1_600],
    ['in the future, by a clock that goes wrong', 400, 0],
    ['an hour ago, by a clock that goes wrong', -3_600_000, 0],
  ])('begin when the recorder began, who may be heard late: %s (RC17, RC18)', (_what, ago, expected) => {
    const change: RecordingChange = { to: 'begun', recordingSince: START + ago };
    const begun = changeRecording({ status: 'INVOKED' }, change, START);
    const since = START + expected;
    expect(begun).toEqual({ status: 'RECORDING', startedAt: since, recordedMs: 0, since });
  });

  const someChange: fc.Arbitrary<RecordingChange> = fc.constantFrom<RecordingChange[]>(
    { to: 'begun' },
    { to: 'paused' },
    { to: 'resumed' },
    { to: 'stopped', stop: STOP },
    { to: 'uploaded', recordedMs: 1 },
    { to: 'failed', error: { code: 'x', message: 'X' } },
  );
  const NEXT: Record<Recording['status'], Recording['status'][]> = {
    INVOKED: ['RECORDING', 'UPLOADING', 'ERRORED'],
    RECORDING: ['PAUSED', 'UPLOADING', 'ERRORED'],
    PAUSED: ['RECORDING', 'UPLOADING', 'ERRORED'],
    UPLOADING: ['UPLOADED', 'ERRORED'],
    UPLOADED: [],
    ERRORED: [],
  };

  it('follow each other in the documented order only, and time adds up without pauses (RC04, RC18)', () => {
    const steps = fc.array(fc.tuple(someChange, fc.integer({ min: 0, max: 5_000 })), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (history) => {
        let state: Recording = { status: 'INVOKED' };
        let now = START;
        let recorded = 0;
        for (const [change, pauseMs] of history) {
          now += pauseMs;
          if (state.status === 'RECORDING') recorded += pauseMs;
          const before: Recording = state;
          const next = changeRecording(before, change, now);
          if (!next) continue;
          expect(NEXT[before.status]).toContain(next.status);
          if (next.status !== 'UPLOADED') expect(recordedMs(next, now)).toBe(recorded);
          if ('stoppedAt' in next && 'stoppedAt' in before) expect(next.stoppedAt).toBe(before.stoppedAt);
          if (next.status === 'UPLOADED') return;
          state = next;
        }
      }),
    );
  });
});
