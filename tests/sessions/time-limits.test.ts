import type { HeadlessPeer } from '@parley/headless';
import { RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const OVER = 'The time of the meeting is over';
const later = (ms: number) => new Date(Date.now() + ms).toISOString();

/** Fields of ours, which the official client passes on without knowing them. */
interface TimeLimits {
  max_session_minutes?: number | null;
  ends_at?: string | null;
}

describe.skipIf(!serverIsBuilt)('the time of a meeting', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await startSessionStage();
    receiver = await startReceiver(stage.backend, ['meeting.ended', 'meeting.participantLeft']);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  const newMeeting = async (limits: TimeLimits) => {
    const { app_id, account_id } = stage.scope;
    const body = { account_id, title: 'Limited', ...limits };
    const { data } = await stage.kit.meetings.create(app_id, body);
    expect(data).toMatchObject(limits);
    return data!.id;
  };

  const change = async (meeting: string, limits: TimeLimits) => {
    const { data } = await stage.kit.meetings.updateMeetingByID(meeting, { ...stage.scope, ...limits });
    return data as unknown as TimeLimits;
  };

  const secondsLeft = (peer: HeadlessPeer, wanted: (seconds: number | null) => boolean) =>
    peer.next(RoomEvent.broadcastMessage, ({ type, payload }) => {
      expect(type).toBe('parley.timeLimit');
      return wanted(JSON.parse(new TextDecoder().decode(payload)).secondsLeft);
    });

  const endOf = async (meeting: string) => {
    const [session] = await stage.sessionsOf(meeting);
    const arrivals = await receiver.meetingEnded(meeting);
    const ends = arrivals.filter(({ event }) => event === 'meeting.ended');
    expect(ends).toHaveLength(1);
    return {
      session: await stage.session(session!.id),
      left: arrivals.length - ends.length,
      webhook: JSON.parse(ends[0]!.body.toString()),
    };
  };

  test('is announced before its end, may be moved, and ends the session for everybody', async () => {
    const meeting = await newMeeting({ max_session_minutes: 30 });
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    const tom = await stage.enter(meeting, 'Tom');
    const warned = Promise.all([mary, tom].map((peer) => secondsLeft(peer, (left) => left === 60)));
    const ends_at = later(61_000);
    expect(await change(meeting, { ends_at })).toMatchObject({ ends_at, max_session_minutes: 30 });
    await warned;
    const moved = secondsLeft(tom, (left) => left !== null && left > 600);
    await change(meeting, { ends_at: null });
    await moved;
    const outside = await stage.rawSocket(await stage.invite(meeting, 'Ann'));
    const invited = await stage.invite(meeting, 'Ben');

    await change(meeting, { ends_at: later(500) });
    await Promise.all([mary.reached('ended'), tom.reached('ended')]);
    const { session, left, webhook } = await endOf(meeting);
    expect(session).toMatchObject({ status: 'ENDED', end_reason: 'TIME_LIMIT', live_participants: 0 });
    expect(left).toBe(2);
    expect(webhook).toMatchObject({ reason: 'HOST_ENDED_MEETING', endReason: 'TIME_LIMIT' });

    expect(await outside.join('Ann')).toBe(OVER);
    const refusal = { reason: 'meeting_over', message: OVER };
    await expect(stage.rawSocket(invited)).rejects.toMatchObject({ status: 403, error: refusal });
    const headers = { authorization: `Bearer ${invited.token}` };
    const details = await fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`, { headers });
    expect([details.status, (await details.json()).error]).toEqual([403, { code: 403, ...refusal }]);

    await change(meeting, { ends_at: null });
    const again = await stage.enterAgain(invited);
    await change(meeting, { ends_at: '2020-01-01T00:00:00.000Z' });
    expect(await stage.activeSession(meeting)).toBeNull();
    await again.reached('ended');
  });

  test('is kept through a kill, also when it is over before the server is back', async () => {
    const [soon, afterwards] = [await newMeeting({}), await newMeeting({})];
    const enter = (meeting: string) =>
      stage.enter(meeting, 'Mary', 'group_call_host', { reconnect: COMES_BACK });
    const [early, late] = [await enter(soon), await enter(afterwards)];
    await change(soon, { ends_at: later(1_000) });
    const lateEnd = Date.now() + 8_000;
    await change(afterwards, { ends_at: new Date(lateEnd).toISOString() });
    await stage.parley.kill();
    await until('the time of the first meeting is over', () => Date.now() > lateEnd - 7_000);
    await stage.parley.start();

    await Promise.all([early.reached('ended'), late.reached('ended')]);
    expect(Date.now()).toBeGreaterThanOrEqual(lateEnd);
    for (const meeting of [soon, afterwards]) {
      const { session, left, webhook } = await endOf(meeting);
      expect(session).toMatchObject({ status: 'ENDED', end_reason: 'TIME_LIMIT' });
      expect([left, webhook.endReason]).toEqual([1, 'TIME_LIMIT']);
    }
  });
});
