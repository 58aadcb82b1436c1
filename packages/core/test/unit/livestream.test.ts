import {
  BACKEND,
  changeLivestream,
  type Livestream,
  type NewLivestream,
  nextLivestreamStop,
} from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { KEEP_ALIVE_MS, Meeting, START } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

const EMPTY_MS = KEEP_ALIVE_MS / 2;
const URL = 'https://api.example.org/live/key/index.m3u8';

const livestream = (id: string): NewLivestream => ({
  id,
  livestreamId: 'livestream',
  name: 'lecture',
  playbackUrl: URL,
  manualIngest: false,
  order: {},
});

function meeting(): Meeting {
  const meeting = new Meeting();
  meeting.join('host', host({ can_livestream: true }));
  meeting.join('anna');
  return meeting;
}

const start = (by: string | typeof BACKEND = BACKEND, id = 'first') =>
  ({ type: 'StartLivestream', by, livestream: livestream(id) }) as const;
const stop = (by: string | typeof BACKEND = BACKEND) => ({ type: 'StopLivestream', by }) as const;
const live = (livestreamSessionId = 'first') =>
  ({ type: 'FollowLivestream', livestreamSessionId, change: { to: 'live' } }) as const;

describe('a livestream', () => {
  it('is started and stopped by the backend or who may livestream, and needs a session (R07, LS01, LS07)', () => {
    const running = meeting();
    expect(running.refusalOf(start('anna'))).toBe('permission_denied');
    expect(running.refusalOf(start('nobody'))).toBe('not_joined');
    expect(new Meeting().refusalOf(start())).toBe('no_session');
    expect(running.refusalOf(stop('host'))).toBe('livestream_unknown');
    expect(running.refusalOf({ type: 'CheckLivestream', by: 'anna' })).toBe('permission_denied');
    running.do(start('host'));
    expect(running.refusalOf({ type: 'CheckLivestream', by: 'host' })).toBe('livestream_in_progress');
    expect(running.refusalOf(stop('anna'))).toBe('permission_denied');
    running.do(stop());
    expect(running.session.livestream).toBeNull();
  });

  it('comes with the first participant where the meeting wants it (LS06)', () => {
    const meeting = new Meeting();
    const join = meeting.joinCommand('anna');
    const newSession = { id: 's', title: '', keepAliveMs: KEEP_ALIVE_MS, livestream: livestream('on-start') };
    expect(meeting.do({ ...join, newSession } as typeof join).to('anna')).toContain(
      'room.livestreamingInvoked',
    );
    expect(meeting.session.livestream).toMatchObject({ id: 'on-start', livestream: { status: 'INVOKED' } });
  });

  it('runs alone in its session, beside recordings', () => {
    const running = meeting();
    running.do(start());
    expect(running.refusalOf(start(BACKEND, 'second'))).toBe('livestream_in_progress');
    const recording = { id: 'r', type: 'BROWSER', maxMs: null, order: {} } as const;
    running.do({ type: 'StartRecording', by: BACKEND, recording, allowMultiple: false });
    running.do(stop());
    expect(running.refusalOf(start(BACKEND, 'second'))).toBeNull();
    expect(running.session.recordings.size).toBe(1);
  });

  it('is told to everybody at each change, with its address while it runs (S27, S44)', () => {
    const running = meeting();
    const invoked = running.do(start());
    expect(invoked.receivers(RoomEvent.livestreamingInvoked)).toEqual(['host', 'anna']);
    expect(invoked.message(RoomEvent.livestreamingInvoked, 'anna')).toMatchObject({ manualIngest: false });
    expect(running.do(live()).message(RoomEvent.startedLivestream, 'anna')).toMatchObject({
      livestreamId: 'livestream',
      meetingId: 'meeting',
      name: 'lecture',
      playbackUrl: URL,
      status: 'LIVE',
    });
    expect(running.do(stop()).receivers(RoomEvent.stoppedLivestream)).toEqual(['host', 'anna']);
    running.do(start(BACKEND, 'second'));
    const failed = running.do({
      type: 'FollowLivestream',
      livestreamSessionId: 'second',
      change: { to: 'failed', error: { code: 'page_failed', message: 'The page did not load' } },
    });
    expect(failed.message(RoomEvent.erroredLivestream, 'anna').errMessage).toBe('The page did not load');
  });

  it('takes from its recorder only what fits', () => {
    const running = meeting();
    running.do(start());
    expect(running.refusalOf(live('another'))).toBe('livestream_unknown');
    running.do(live());
    expect(running.refusalOf(live())).toBe('livestream_state');
    running.do(stop());
    expect(running.refusalOf(live())).toBe('livestream_unknown');
  });

  it('ends before its session, by whatever that ends (OQ23, E02)', () => {
    const kicked = meeting();
    kicked.do(start());
    expect(kicked.do({ type: 'EndSession', by: 'host' }).to('anna')).toEqual([
      'room.stoppedLivestream',
      'room.kickAll',
    ]);
    const left = meeting();
    left.do(start());
    left.leave('host');
    left.leave('anna');
    left.after(KEEP_ALIVE_MS).do({ type: 'EndIfAbandoned' });
    for (const { events } of [kicked, left]) {
      expect(events.slice(-2)).toMatchObject([
        { type: 'LivestreamChanged', change: { to: 'stopped' } },
        { type: 'SessionEnded' },
      ]);
    }
  });

  it('ends when nobody was there for a while, although the session goes on (L14)', () => {
    const running = meeting();
    const due = { type: 'StopDesertedLivestream', emptyMs: EMPTY_MS } as const;
    running.do(start());
    running.join('recorder', guest({ recorder_type: 'LIVESTREAMER' }));
    expect(nextLivestreamStop(running.session, EMPTY_MS)).toBeNull();
    running.leave('host');
    running.leave('anna');
    expect(nextLivestreamStop(running.session, EMPTY_MS)).toBe(START + EMPTY_MS);
    expect(running.after(EMPTY_MS - 1).eventsOf(due)).toEqual([]);
    running.after(1).do(due);
    expect(running.session.livestream).toBeNull();
  });

  it('keeps when it began, and is over once', () => {
    const begun = changeLivestream({ status: 'INVOKED' }, { to: 'live' }, 1)!;
    const error = { code: 'x', message: 'X' };
    expect(changeLivestream(begun, { to: 'live' }, 2)).toBeNull();
    const over: [Livestream, object][] = [
      [changeLivestream(begun, { to: 'stopped' }, 3)!, { status: 'ENDED', startedAt: 1, stoppedAt: 3 }],
      [changeLivestream(begun, { to: 'failed', error }, 3)!, { status: 'ERRORED', startedAt: 1, error }],
      [changeLivestream({ status: 'INVOKED' }, { to: 'stopped' }, 3)!, { startedAt: null }],
    ];
    for (const [ended, expected] of over) {
      expect(ended).toMatchObject(expected);
      for (const to of ['live', 'stopped'] as const) expect(changeLivestream(ended, { to }, 4)).toBeNull();
      expect(changeLivestream(ended, { to: 'interrupted', lastAt: 3 }, 4)).toBeNull();
    }
  });

  it('goes on after an interruption, whose time does not count', () => {
    const invoked: Livestream = { status: 'INVOKED' };
    expect(changeLivestream(invoked, { to: 'interrupted', lastAt: 1 }, 2)).toBeNull();
    const begun = changeLivestream(invoked, { to: 'live' }, 10)!;
    const away = changeLivestream(begun, { to: 'interrupted', lastAt: 15 }, 100)!;
    expect(away).toEqual({ status: 'INTERRUPTED', startedAt: 10, liveMs: 5 });
    for (const [lastAt, liveMs] of [
      [9, 0],
      [101, 90],
    ] as const) {
      expect(changeLivestream(begun, { to: 'interrupted', lastAt }, 100)).toMatchObject({ liveMs });
    }
    expect(changeLivestream(away, { to: 'interrupted', lastAt: 15 }, 101)).toBeNull();
    const back = changeLivestream(away, { to: 'live' }, 200)!;
    expect(back).toEqual({ status: 'LIVE', startedAt: 10, liveMs: 5, since: 200 });
    expect(changeLivestream(back, { to: 'stopped' }, 207)).toMatchObject({ startedAt: 10, liveMs: 12 });
    const error = { code: 'x', message: 'X' };
    expect(changeLivestream(away, { to: 'failed', error }, 300)).toMatchObject({ liveMs: 5, stoppedAt: 300 });
  });

  it('that is interrupted is told as invoked again (S27)', () => {
    const running = meeting();
    running.do(start());
    running.do(live());
    const change = { to: 'interrupted', lastAt: START } as const;
    const told = running.do({ type: 'FollowLivestream', livestreamSessionId: 'first', change });
    expect(told.message(RoomEvent.livestreamingInvoked, 'anna')).toMatchObject({
      status: 'INVOKED',
      playbackUrl: URL,
    });
    expect(running.do(live()).receivers(RoomEvent.startedLivestream)).toEqual(['host', 'anna']);
  });
});
