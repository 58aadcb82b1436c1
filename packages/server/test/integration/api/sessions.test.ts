import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppId, MeetingId, ParticipantId, PeerId, PresetId, SessionId } from '../../../src/ids.js';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
const MINUTE_MS = 60_000;
const uuid = (kind: string, number: number) =>
  `${kind.padEnd(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`;
const UNKNOWN = uuid('f', 999);

interface Peer {
  peer: number;
  participant: number;
  joinedAfterMs: number;
  leftAfterMs?: number;
  recorder?: boolean;
}

/** Writes a session as the session host would have. */
async function addSession(options: {
  number: number;
  meeting: string;
  title: string;
  startedAt: Date;
  ended?: boolean;
  peak?: number;
  peers?: Peer[];
}): Promise<string> {
  const { db } = t.database;
  const id = uuid('5', options.number) as SessionId;
  const at = (ms: number) => new Date(options.startedAt.getTime() + ms);
  const peers = options.peers ?? [];
  const consumed = peers
    .filter(({ recorder, leftAfterMs }) => !recorder && leftAfterMs !== undefined)
    .reduce((sum, { joinedAfterMs, leftAfterMs }) => sum + (leftAfterMs! - joinedAfterMs) / MINUTE_MS, 0);
  await db
    .insertInto('sessions')
    .values({
      id,
      app_id: t.appId as AppId,
      meeting_id: options.meeting as MeetingId,
      title: options.title,
      status: options.ended ? 'ENDED' : 'LIVE',
      end_reason: null,
      live_participants: 0,
      max_concurrent_participants: options.peak ?? 1,
      minutes_consumed: consumed,
      keep_alive_secs: 60,
      last_seq: 1,
      started_at: options.startedAt,
      ended_at: options.ended ? at(60 * MINUTE_MS) : null,
      created_at: options.startedAt,
      updated_at: options.startedAt,
    })
    .execute();
  for (const { peer, participant, joinedAfterMs, leftAfterMs, recorder } of peers) {
    await db
      .insertInto('session_peers')
      .values({
        session_id: id,
        peer_id: uuid('9', peer) as PeerId,
        participant_id: uuid('a', participant) as ParticipantId,
        custom_participant_id: `custom-${participant}`,
        display_name: `Person ${participant}`,
        picture: null,
        preset_id: uuid('d', 1) as PresetId,
        preset_name: 'group_call_host',
        view_type: 'GROUP_CALL',
        hidden: false,
        recorder_type: recorder ? 'RECORDER' : 'NONE',
        joined_at: at(joinedAfterMs),
        left_at: leftAfterMs === undefined ? null : at(leftAfterMs),
        leave_reason: null,
      })
      .execute();
    for (const [index, [event_name, ms]] of (
      [
        ['PEER_CREATED', joinedAfterMs],
        ['PEER_LEAVING', leftAfterMs],
      ] as const
    ).entries()) {
      if (ms === undefined) continue;
      await db
        .insertInto('peer_events')
        .values({
          id: uuid(`e${index}`, options.number * 100 + peer),
          session_id: id,
          peer_id: uuid('9', peer) as PeerId,
          participant_id: uuid('a', participant) as ParticipantId,
          event_name,
          view_type: 'GROUP_CALL',
          created_at: at(ms),
        })
        .execute();
    }
  }
  return id;
}

let standup: string;
let review: string;
let ended: string;
let live: string;

beforeAll(async () => {
  t = await startApi();
  standup = (await t.call('POST', '/meetings', { title: 'Standup' })).body.data.id;
  review = (await t.call('POST', '/meetings', { title: 'Review' })).body.data.id;
  ended = await addSession({
    number: 1,
    meeting: standup,
    title: 'Standup',
    startedAt: new Date('2026-06-29T23:50:00.000Z'),
    ended: true,
    peak: 2,
    peers: [
      { peer: 1, participant: 1, joinedAfterMs: 0, leftAfterMs: 30 * MINUTE_MS },
      { peer: 2, participant: 2, joinedAfterMs: 5 * MINUTE_MS, leftAfterMs: 15 * MINUTE_MS },
      { peer: 3, participant: 1, joinedAfterMs: 40 * MINUTE_MS, leftAfterMs: 42 * MINUTE_MS },
      { peer: 4, participant: 9, joinedAfterMs: 0, leftAfterMs: 50 * MINUTE_MS, recorder: true },
    ],
  });
  live = await addSession({
    number: 2,
    meeting: standup,
    title: 'Standup',
    startedAt: new Date('2026-07-01T09:40:00.000Z'),
    peak: 5,
    peers: [
      { peer: 11, participant: 1, joinedAfterMs: 0 },
      { peer: 12, participant: 2, joinedAfterMs: 10 * MINUTE_MS },
      { peer: 13, participant: 3, joinedAfterMs: 0, leftAfterMs: MINUTE_MS },
      { peer: 14, participant: 9, joinedAfterMs: 0, recorder: true },
    ],
  });
  await addSession({
    number: 3,
    meeting: review,
    title: 'Review',
    startedAt: new Date('2026-06-30T12:00:00.000Z'),
    ended: true,
    peak: 1,
  });
});
afterAll(() => t?.close());

const LIVE = () => ({
  id: live,
  associated_id: standup,
  meeting_display_name: 'Standup',
  type: 'meeting',
  status: 'LIVE',
  live_participants: 2,
  max_concurrent_participants: 5,
  minutes_consumed: 31,
  organization_id: t.appId,
  started_at: '2026-07-01T09:40:00.000Z',
  created_at: '2026-07-01T09:40:00.000Z',
  updated_at: '2026-07-01T09:40:00.000Z',
});

describe('a session', () => {
  it('counts its connected peers at the time of reading, without recorders (L08, PA02, R32)', async () => {
    const { body } = await t.call('GET', `/sessions/${live}`);
    expect(body).toEqual({ success: true, data: { ...LIVE(), session: LIVE() } });
    t.clock.advance(30_000);
    expect((await t.call('GET', `/sessions/${live}`)).body.data.minutes_consumed).toBe(32);
    t.clock.advance(-30_000);
  });

  it('is the active session of its meeting (L09)', async () => {
    const { body } = await t.call('GET', `/meetings/${standup}/active-session`);
    expect(body).toEqual({ success: true, data: LIVE() });
    expect((await t.call('GET', `/meetings/${review}/active-session`)).status).toBe(404);
  });

  it('keeps its figures when it has ended', async () => {
    const { body } = await t.call('GET', `/sessions/${ended}?include_breakout_rooms=true`);
    expect(body.data).toMatchObject({
      status: 'ENDED',
      live_participants: 0,
      minutes_consumed: 42,
      ended_at: '2026-06-30T00:50:00.000Z',
      breakout_rooms: [],
    });
  });

  it('is out of reach of other apps (C01)', async () => {
    const stranger = await t.addAccount();
    for (const path of [
      `/sessions/${live}`,
      `/sessions/${live}/participants`,
      `/sessions/peer-report/${uuid('9', 11)}`,
    ]) {
      const url = `${t.origin}/accounts/${stranger.accountId}/realtime/kit/${stranger.appId}${path}`;
      const response = await fetch(url, { headers: { authorization: `Bearer ${stranger.token}` } });
      expect(response.status).toBe(404);
    }
  });

  it.each([
    [`/sessions/${UNKNOWN}`, `No session found with id ${UNKNOWN}`],
    [`/sessions/${UNKNOWN}/participants`, `No session found with id ${UNKNOWN}`],
    [`/sessions/${UNKNOWN}/chat`, `No session found with id ${UNKNOWN}`],
    [`/sessions/peer-report/${UNKNOWN}`, `No peer found with id ${UNKNOWN}`],
    ['/sessions/1', 'BAD_REQUEST: "session_id" must be a valid GUID'],
    ['/sessions/peer-report/1', 'BAD_REQUEST: "peer_id" must be a valid GUID'],
  ])('%s is refused', async (path, message) => {
    expect((await t.call('GET', path)).body.error.message).toBe(message);
  });
});

describe('the list of sessions', () => {
  const numbers = async (query: string) =>
    (await t.call('GET', `/sessions${query}`)).body.data.sessions.map(({ id }: { id: string }) =>
      Number(id.slice(-3)),
    );

  it.each([
    ['', [2, 3, 1]],
    ['?sort_order=ASC', [1, 3, 2]],
    ['?sort_by=minutesConsumed', [1, 2, 3]],
    ['?sort_by=minutesConsumed&sort_order=ASC', [3, 2, 1]],
    ['?status=LIVE', [2]],
    ['?status=ENDED', [3, 1]],
    ['?participants=2:4', [1]],
    ['?participants=1:5', [2, 3, 1]],
    ['?search=stand', [2, 1]],
    ['?start_time=2026-06-30T00:00:00Z', [2, 3]],
    ['?end_time=2026-06-30', [1]],
    ['?start_time=2026-06-30T13:59:00%2B02:00&end_time=2026-06-30T12:01:00.000Z', [3]],
    ['?per_page=2', [2, 3]],
    ['?per_page=2&page_no=2', [1]],
  ])('answers %s with %j (RE06, L06)', async (query, expected) => {
    expect(await numbers(query)).toEqual(expected);
  });

  it('finds by session id and meeting id', async () => {
    expect(await numbers(`?search=${ended}`)).toEqual([1]);
    expect(await numbers(`?search=${standup.toUpperCase()}`)).toEqual([2, 1]);
    expect(await numbers(`?associated_id=${review}`)).toEqual([3]);
    expect(await numbers('?associated_id=no-such-room')).toEqual([]);
  });

  it('has paging beside data (rest-api.md 0.4)', async () => {
    const { body } = await t.call('GET', '/sessions?per_page=2&page_no=2');
    expect(body.paging).toEqual({ total_count: 3, start_offset: 3, end_offset: 3 });
    expect(Object.keys(body.data)).toEqual(['sessions']);
  });

  it.each([
    'participants=5',
    'participants=a:b',
    'sort_by=title',
    'sort_order=desc',
    'status=live',
    'page_no=-1',
  ])('refuses %s', async (query) => {
    const { status, body } = await t.call('GET', `/sessions?${query}`);
    expect(status).toBe(400);
    expect(body.error.message).toContain(`BAD_REQUEST: "${query.split('=')[0]}" `);
  });
});

describe('the participants of a session', () => {
  const peers = async (query: string) =>
    (await t.call('GET', `/sessions/${ended}/participants${query}`)).body.data.participants as {
      id: string;
      duration: number;
    }[];
  const numbers = async (query: string) => (await peers(query)).map(({ id }) => Number(id.slice(-3)));

  it('are its connections, recorders left out (RE07, R32, PA02)', async () => {
    const { body } = await t.call('GET', `/sessions/${ended}/participants`);
    const paging = { total_count: 3, start_offset: 1, end_offset: 3 };
    expect(body.paging).toEqual(paging);
    expect(body.data.paging).toEqual(paging);
    expect(body.data.participants[0]).toEqual({
      id: uuid('9', 1),
      user_id: uuid('a', 1),
      custom_participant_id: 'custom-1',
      display_name: 'Person 1',
      preset_name: 'group_call_host',
      joined_at: '2026-06-29T23:50:00.000Z',
      left_at: '2026-06-30T00:20:00.000Z',
      duration: 30,
      created_at: '2026-06-29T23:50:00.000Z',
      updated_at: '2026-06-30T00:20:00.000Z',
    });
    expect(
      (await t.call('GET', `/sessions/${live}/participants`)).body.data.participants[0],
    ).not.toHaveProperty('left_at');
  });

  it.each([
    ['', [1, 2, 3]],
    ['?sort_order=DESC', [3, 2, 1]],
    ['?sort_by=duration', [3, 2, 1]],
    ['?sort_by=duration&sort_order=DESC', [1, 2, 3]],
    ['?search=person%202', [2]],
    ['?search=custom-1', [1, 3]],
    [`?search=${uuid('a', 1)}`, [1, 3]],
    ['?per_page=2&page_no=2', [3]],
  ])('are sorted, searched and paged by %s', async (query, expected) => {
    expect(await numbers(query)).toEqual(expected);
  });

  it('are one row for each person in the consolidated view', async () => {
    const rows = await peers('?view=consolidated&sort_by=duration&sort_order=DESC&include_peer_events=true');
    expect(rows).toMatchObject([
      { id: uuid('9', 3), user_id: uuid('a', 1), duration: 32, left_at: '2026-06-30T00:32:00.000Z' },
      { id: uuid('9', 2), user_id: uuid('a', 2), duration: 10 },
    ]);
    const connected = (await t.call('GET', `/sessions/${live}/participants?view=consolidated`)).body.data;
    expect(connected.participants[0]).not.toHaveProperty('left_at');
  });

  it('come with their events when asked for', async () => {
    const { body } = await t.call('GET', `/sessions/${ended}/participants?include_peer_events=true`);
    expect(body.data.participants[1].peer_events).toEqual([
      expect.objectContaining({ event_name: 'PEER_CREATED', peer_id: uuid('9', 2), minutes_consumed: 0 }),
      expect.objectContaining({
        event_name: 'PEER_LEAVING',
        participant_id: uuid('a', 2),
        session_id: ended,
        socket_session_id: null,
        preset_view_type: 'GROUP_CALL',
        minutes_consumed: 10,
        created_at: '2026-06-30T00:05:00.000Z',
      }),
    ]);
    expect((await peers(''))[0]).not.toHaveProperty('peer_events');
  });

  it('are found one by one, by peer id or by participant id (SR04)', async () => {
    const byPeer = await t.call(
      'GET',
      `/sessions/${ended}/participants/${uuid('9', 2)}?include_peer_events=true`,
    );
    expect(byPeer.body.data.participant).toMatchObject({ id: uuid('9', 2), peer_events: [{}, {}] });
    const byParticipant = await t.call('GET', `/sessions/${ended}/participants/${uuid('a', 1)}`);
    expect(byParticipant.body.data.participant).toMatchObject({ id: uuid('9', 3), user_id: uuid('a', 1) });
    const missing = await t.call('GET', `/sessions/${ended}/participants/${uuid('9', 11)}`);
    expect(missing.body.error.message).toBe(`No participant found with id ${uuid('9', 11)}`);
  });

  it('have a report by peer id (SR02)', async () => {
    const { body } = await t.call(
      'GET',
      `/sessions/peer-report/${uuid('9', 2)}?filters=device_info,quality_stats&include_peer_events=true`,
    );
    expect(body.data.participant).toMatchObject({
      id: uuid('9', 2),
      session_id: ended,
      role: 'group_call_host',
      duration: 10,
      peer_events: [{}, {}],
      peer_report: { metadata: {}, quality: {} },
    });
    const refused = await t.call('GET', `/sessions/peer-report/${uuid('9', 2)}?filters=everything`);
    expect(refused.body.error.message).toContain('BAD_REQUEST: "filters" must be a list of device_info');
  });
});

describe('what is made of sessions', () => {
  it.each(['chat', 'transcript', 'transcript?format=VTT', 'summary'])('has no %s file', async (file) => {
    const { status, body } = await t.call('GET', `/sessions/${ended}/${file}`);
    expect(status).toBe(404);
    expect(body.error.message).toMatch(/^No .* found for session_id /);
  });

  it('refuses a summary without pretending, and without being asked again', async () => {
    const answer = await t.call('POST', `/sessions/${ended}/summary`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(answer.body.error).toEqual({
      code: 503,
      message: 'Summaries are not available on this server yet',
      reason: 'not_available',
    });
  });

  it('adds sessions up by UTC day (PA01)', async () => {
    const all = await t.call('GET', '/analytics/daywise');
    expect(all.body.data).toEqual({
      session_stats: {
        sessions_count: 3,
        sessions_minutes_consumed: 73,
        day_stats: [
          { day: '2026-06-29', total_sessions: 1, total_session_minutes: 42 },
          { day: '2026-06-30', total_sessions: 1, total_session_minutes: 0 },
          { day: '2026-07-01', total_sessions: 1, total_session_minutes: 31 },
        ],
      },
      recording_stats: { recording_count: 0, recording_minutes_consumed: 0, day_stats: [] },
    });
    const some = await t.call('GET', '/analytics/daywise?start_date=2026-06-30&end_date=2026-06-30');
    expect(some.body.data.session_stats.day_stats).toHaveLength(1);
    for (const query of [
      'start_date=2026-02-30',
      'end_date=today',
      'start_date=2026-07-02&end_date=2026-07-01',
    ]) {
      expect((await t.call('GET', `/analytics/daywise?${query}`)).status).toBe(400);
    }
  });

  it('counts no livestreams', async () => {
    const times = 'start_time=1782900000&end_time=2026-07-02T00:00:00Z&filters=x';
    const overall = await t.call('GET', `/analytics/livestreams/overall?${times}`);
    expect(overall.body.data).toEqual({ count: 0, total_ingest_seconds: 0, total_viewer_seconds: 0 });
    expect((await t.call('GET', '/analytics/livestreams/daywise')).body.data).toEqual([]);
    expect((await t.call('GET', '/analytics/livestreams/daywise?start_time=x')).status).toBe(400);
  });
});
