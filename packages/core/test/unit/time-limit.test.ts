import { type Command, type TimeLimits, timeKeepingDueAt } from '@parley/core';
import { RoomEvent } from '@parley/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Meeting, START } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

const MINUTE_MS = 60_000;

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben']) meeting.join(peerId);
  return meeting;
}

const limits = (minutes: { maxSessionMs?: number; endsAt?: number }): TimeLimits => ({
  maxSessionMs: minutes.maxSessionMs === undefined ? null : minutes.maxSessionMs * MINUTE_MS,
  endsAt: minutes.endsAt === undefined ? null : START + minutes.endsAt * MINUTE_MS,
});
const keepTime = (given: TimeLimits) => ({ type: 'KeepTime' as const, limits: given });
const dueAfterMs = (meeting: Meeting, given: TimeLimits) =>
  (timeKeepingDueAt(meeting.state, given) ?? Number.NaN) - START;

/** What a warning says, as the SDK hands it to the app. */
function warning(told: ReturnType<Meeting['do']>, peerId = 'anna') {
  const { type, payload, ids } = told.message(RoomEvent.broadcastMessage, peerId);
  expect([type, ids]).toEqual(['parley.timeLimit', []]);
  return JSON.parse(new TextDecoder().decode(payload));
}

/** Follows the clock as the session host does; answers the seconds left of each warning, and when it ended. */
function follow(meeting: Meeting, given: TimeLimits) {
  const secondsLeft: number[] = [];
  while (meeting.state.session) {
    const due = timeKeepingDueAt(meeting.state, given);
    if (due === null) break;
    meeting.now = Math.max(meeting.now, due);
    const told = meeting.do(keepTime(given));
    if (meeting.state.session) secondsLeft.push(warning(told).secondsLeft);
  }
  return { secondsLeft, endedAfterMs: meeting.now - START };
}

describe('the limit of a session', () => {
  it('ends it for everybody, as an end by the host does, with a reason of its own', () => {
    const meeting = room();
    meeting.join('waiting', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    const told = meeting.after(10 * MINUTE_MS).do(keepTime(limits({ maxSessionMs: 10 })));
    expect(told.order).toEqual([
      'room.waitingRoomRequestDenied',
      'room.kickAll',
      'closeSockets',
      'releaseMedia',
    ]);
    expect(meeting.events.at(-1)).toMatchObject({ type: 'SessionEnded', reason: 'TIME_LIMIT' });
    expect(meeting.state.session).toBeNull();
  });

  it('is announced five minutes and one minute before', () => {
    expect(follow(room(), limits({ maxSessionMs: 60 }))).toEqual({
      secondsLeft: [300, 60],
      endedAfterMs: 60 * MINUTE_MS,
    });
  });

  it.each([
    [5, [60]],
    [1.5, [60]],
    [1, []],
  ])('of %s minutes is announced %j seconds before', (maxSessionMs, secondsLeft) => {
    expect(follow(room(), limits({ maxSessionMs })).secondsLeft).toEqual(secondsLeft);
  });

  it('is the earlier of length and end', () => {
    expect(follow(room(), limits({ maxSessionMs: 60, endsAt: 20 })).endedAfterMs).toBe(20 * MINUTE_MS);
    expect(follow(room(), limits({ maxSessionMs: 20, endsAt: 60 })).endedAfterMs).toBe(20 * MINUTE_MS);
  });

  it('does nothing before its time, or a second time', () => {
    const meeting = room().after(55 * MINUTE_MS - 1);
    expect(meeting.eventsOf(keepTime(limits({ maxSessionMs: 60 })))).toEqual([]);
    meeting.after(1).do(keepTime(limits({ maxSessionMs: 60 })));
    expect(meeting.eventsOf(keepTime(limits({ maxSessionMs: 60 })))).toEqual([]);
    expect(room().eventsOf(keepTime(limits({})))).toEqual([]);
  });

  it('says when the session ends, to those who come in later and those who come back as well', () => {
    const meeting = room().after(55 * MINUTE_MS);
    const endsAt = new Date(START + 60 * MINUTE_MS).toISOString();
    const told = meeting.do(keepTime(limits({ maxSessionMs: 60 })));
    expect(told.receivers(RoomEvent.broadcastMessage)).toEqual(['anna', 'ben']);
    expect(warning(told)).toEqual({ endsAt, secondsLeft: 300 });
    const joined = meeting.after(2 * MINUTE_MS).join('cleo');
    expect(joined.receivers(RoomEvent.broadcastMessage)).toEqual(['cleo']);
    expect(warning(joined, 'cleo')).toEqual({ endsAt, secondsLeft: 180 });
    meeting.do({ type: 'LoseConnection', peerId: 'ben' });
    expect(warning(meeting.join('ben'), 'ben')).toEqual({ endsAt, secondsLeft: 180 });
  });

  it('when it is changed after a warning, is announced anew: later, gone, and in the past', () => {
    const meeting = room().after(55 * MINUTE_MS);
    meeting.do(keepTime(limits({ maxSessionMs: 60 })));
    expect(warning(meeting.do(keepTime(limits({ maxSessionMs: 90 })))).secondsLeft).toBe(35 * 60);
    expect(dueAfterMs(meeting, limits({ maxSessionMs: 90 }))).toBe(85 * MINUTE_MS);
    expect(warning(meeting.do(keepTime(limits({}))))).toEqual({ endsAt: null, secondsLeft: null });
    expect(timeKeepingDueAt(meeting.state, limits({}))).toBeNull();
    meeting.do(keepTime(limits({ endsAt: 5 })));
    expect(meeting.state.session).toBeNull();
  });

  it('when it is set nearer than a warning, is announced at once and once', () => {
    const meeting = room().after(30 * MINUTE_MS);
    expect(warning(meeting.do(keepTime(limits({ endsAt: 30.5 })))).secondsLeft).toBe(30);
    expect(dueAfterMs(meeting, limits({ endsAt: 30.5 }))).toBe(30.5 * MINUTE_MS);
  });

  it('keeps newcomers out of a meeting that is over, and nobody else', () => {
    const meeting = room();
    const late = { ...meeting.joinCommand('cleo'), endsAt: START };
    expect(meeting.refusalOf(late as Command)).toBe('meeting_over');
    expect(meeting.refusalOf({ ...late, endsAt: START + 1 } as Command)).toBeNull();
    expect(meeting.refusalOf({ ...meeting.joinCommand('anna'), endsAt: START } as Command)).toBeNull();
  });

  it('turns away who waits for a session that has not begun', () => {
    const meeting = new Meeting();
    meeting.join('early', guest({ waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' }));
    expect(dueAfterMs(meeting, limits({ endsAt: 5 }))).toBe(5 * MINUTE_MS);
    meeting.after(5 * MINUTE_MS).do(keepTime(limits({ endsAt: 5 })));
    expect(meeting.waitingIds).toEqual([]);
  });

  it('cannot be announced by a client', () => {
    const payload = new TextEncoder().encode('{}');
    const forged = {
      type: 'Broadcast',
      by: 'anna',
      kind: 'parley.timeLimit',
      payload,
      toPeerIds: null,
    } as const;
    const meeting = room();
    meeting.join('host', host());
    expect(meeting.refusalOf(forged)).toBe('permission_denied');
    expect(meeting.refusalOf({ ...forged, by: 'host', toPeerIds: ['anna'] })).toBe('permission_denied');
  });
});

describe('the limit of a main session, in a room', () => {
  const mainEndsAfter = (minutes: number | null, startedAt = START): TimeLimits => ({
    ...limits({}),
    mainSession: { startedAt, endsAt: minutes === null ? null : START + minutes * MINUTE_MS },
  });

  it('warns and ends those in the room as those in the main room, also when the room has begun later', () => {
    const meeting = room().after(10 * MINUTE_MS);
    expect(follow(meeting, mainEndsAfter(60))).toEqual({
      secondsLeft: [300, 60],
      endedAfterMs: 60 * MINUTE_MS,
    });
    expect(meeting.events.at(-1)).toMatchObject({ type: 'SessionEnded', reason: 'TIME_LIMIT' });
  });

  it('is told at once in a room that is opened after the main room was warned', () => {
    expect(follow(room(), mainEndsAfter(3, START - 57 * MINUTE_MS)).secondsLeft).toEqual([180, 60]);
  });

  it('stands beside the limits of the room itself: the earliest one counts', () => {
    const own = { ...mainEndsAfter(60), maxSessionMs: 20 * MINUTE_MS };
    expect(follow(room(), own).endedAfterMs).toBe(20 * MINUTE_MS);
    expect(timeKeepingDueAt(room().state, mainEndsAfter(null))).toBeNull();
  });
});

describe('whenever limits are changed', () => {
  const someMinutes = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
  const change = fc.record({
    afterMs: fc.integer({ min: 0, max: 10 * MINUTE_MS }),
    limits: fc.record({ maxSessionMs: someMinutes, endsAt: someMinutes }),
  });

  it('the session ends at its limit and not before, and every announced end is the one that counts', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
        const meeting = room();
        let current = limits({});
        for (const one of changes) {
          const until = meeting.now + one.afterMs;
          for (;;) {
            const due = meeting.state.session ? timeKeepingDueAt(meeting.state, current) : null;
            if (due === null || due > until) break;
            meeting.now = Math.max(meeting.now, due);
            meeting.do(keepTime(current));
          }
          meeting.now = until;
          current = limits({ maxSessionMs: one.limits.maxSessionMs, endsAt: one.limits.endsAt });
          if (meeting.state.session) meeting.do(keepTime(current));
          const ends = [current.endsAt, current.maxSessionMs === null ? null : START + current.maxSessionMs];
          const end = Math.min(...ends.map((at) => at ?? Number.POSITIVE_INFINITY));
          const { session } = meeting.state;
          if (!session) return;
          expect(end).toBeGreaterThan(meeting.now);
          if (session.timeWarning) expect(session.timeWarning.endsAt).toBe(end);
          // Nobody is ever within the last minute of a long session without having been told.
          if (end - meeting.now <= MINUTE_MS && end - START > MINUTE_MS)
            expect(session.timeWarning).not.toBeNull();
        }
        const { endedAfterMs } = follow(meeting, current);
        if (current.endsAt !== null || current.maxSessionMs !== null) {
          expect(meeting.state.session).toBeNull();
          expect(endedAfterMs).toBeGreaterThan(0);
        }
      }),
    );
  });
});
