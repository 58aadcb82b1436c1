import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addSession, uuid } from './recorded-sessions.js';
import { startApi, type TestApi } from './support.js';

const MINUTE_MS = 60_000;

describe('the sessions of connected meetings', () => {
  let t: TestApi;
  let main: string;
  let room: string;
  let roomMeeting: string;
  beforeAll(async () => {
    t = await startApi();
    const mainMeeting = (await t.call('POST', '/meetings', { title: 'Course' })).body.data.id;
    roomMeeting = (await t.call('POST', '/meetings', { title: 'Red' })).body.data.id;
    const startedAt = new Date('2026-06-29T10:00:00.000Z');
    main = await addSession(t, {
      number: 1,
      meeting: mainMeeting,
      title: 'Course',
      startedAt,
      ended: true,
      peers: [
        { peer: 1, participant: 1, joinedAfterMs: 0, leftAfterMs: 10 * MINUTE_MS },
        { peer: 2, participant: 2, joinedAfterMs: 0, leftAfterMs: 50 * MINUTE_MS },
      ],
    });
    room = await addSession(t, {
      number: 2,
      meeting: roomMeeting,
      title: 'Red',
      startedAt,
      ended: true,
      main,
      peers: [{ peer: 3, participant: 1, joinedAfterMs: 11 * MINUTE_MS, leftAfterMs: 31 * MINUTE_MS }],
    });
    await addSession(t, {
      number: 3,
      meeting: roomMeeting,
      title: 'Red',
      startedAt,
      ended: true,
      peers: [{ peer: 4, participant: 1, joinedAfterMs: 0, leftAfterMs: MINUTE_MS }],
    });
  });
  afterAll(() => t?.close());

  it('come with the session that they belong to when asked for (B12)', async () => {
    const { body } = await t.call('GET', `/sessions/${main}?include_breakout_rooms=true`);
    expect(body.data.breakout_rooms).toEqual([
      expect.objectContaining({ id: room, associated_id: roomMeeting, meeting_display_name: 'Red' }),
    ]);
    expect(body.data.session.breakout_rooms).toEqual(body.data.breakout_rooms);
    expect((await t.call('GET', `/sessions/${main}`)).body.data).not.toHaveProperty('breakout_rooms');
    const ofRoom = (await t.call('GET', `/sessions/${room}?include_breakout_rooms=true`)).body.data;
    expect(ofRoom.breakout_rooms).toEqual([]);
  });

  it("add up to a participant's time in the consolidated view (B12)", async () => {
    const peers = async (session: string, query: string) =>
      (await t.call('GET', `/sessions/${session}/participants?sort_by=joinedAt&${query}`)).body.data
        .participants;
    expect(await peers(main, 'view=raw')).toMatchObject([
      { id: uuid('9', 1), duration: 10 },
      { id: uuid('9', 2), duration: 50 },
    ]);
    const together = await peers(main, 'view=consolidated&include_peer_events=true');
    expect(together).toHaveLength(2);
    const one = together.find((row: { user_id: string }) => row.user_id === uuid('a', 1));
    expect(one).toMatchObject({
      id: uuid('9', 3),
      duration: 30,
      joined_at: '2026-06-29T10:00:00.000Z',
      left_at: '2026-06-29T10:31:00.000Z',
    });
    expect(one.peer_events).toHaveLength(2);
    expect(await peers(room, 'view=consolidated')).toMatchObject([{ id: uuid('9', 3), duration: 20 }]);
  });
});
