import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordedSessions, recordSessions, uuid } from './recorded-sessions.js';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
let recorded: RecordedSessions;
beforeAll(async () => {
  t = await startApi();
  recorded = await recordSessions(t);
});
afterAll(() => t?.close());

describe('the participants of a session', () => {
  const peers = async (query: string) =>
    (await t.call('GET', `/sessions/${recorded.ended}/participants${query}`)).body.data.participants as {
      id: string;
      duration: number;
    }[];
  const numbers = async (query: string) => (await peers(query)).map(({ id }) => Number(id.slice(-3)));

  it('are its connections, recorders left out (RE07, R32, PA02)', async () => {
    const { body } = await t.call('GET', `/sessions/${recorded.ended}/participants`);
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
      (await t.call('GET', `/sessions/${recorded.live}/participants`)).body.data.participants[0],
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
    const connected = (await t.call('GET', `/sessions/${recorded.live}/participants?view=consolidated`)).body
      .data;
    expect(connected.participants[0]).not.toHaveProperty('left_at');
  });

  it('come with their events when asked for', async () => {
    const { body } = await t.call('GET', `/sessions/${recorded.ended}/participants?include_peer_events=true`);
    expect(body.data.participants[1].peer_events).toEqual([
      expect.objectContaining({ event_name: 'PEER_CREATED', peer_id: uuid('9', 2), minutes_consumed: 0 }),
      expect.objectContaining({
        event_name: 'PEER_LEAVING',
        participant_id: uuid('a', 2),
        session_id: recorded.ended,
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
      `/sessions/${recorded.ended}/participants/${uuid('9', 2)}?include_peer_events=true`,
    );
    expect(byPeer.body.data.participant).toMatchObject({ id: uuid('9', 2), peer_events: [{}, {}] });
    const byParticipant = await t.call('GET', `/sessions/${recorded.ended}/participants/${uuid('a', 1)}`);
    expect(byParticipant.body.data.participant).toMatchObject({ id: uuid('9', 3), user_id: uuid('a', 1) });
    const missing = await t.call('GET', `/sessions/${recorded.ended}/participants/${uuid('9', 11)}`);
    expect(missing.body.error.message).toBe(`No participant found with id ${uuid('9', 11)}`);
  });

  it('have a report by peer id (SR02)', async () => {
    const { body } = await t.call(
      'GET',
      `/sessions/peer-report/${uuid('9', 2)}?filters=device_info,quality_stats&include_peer_events=true`,
    );
    expect(body.data.participant).toMatchObject({
      id: uuid('9', 2),
      session_id: recorded.ended,
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
    const { status, body } = await t.call('GET', `/sessions/${recorded.ended}/${file}`);
    expect(status).toBe(404);
    expect(body.error.message).toMatch(/^No .* found for session_id /);
  });

  it('refuses a summary without pretending, and without being asked again', async () => {
    const answer = await t.call('POST', `/sessions/${recorded.ended}/summary`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(answer.body.error).toEqual({
      code: 503,
      message: 'This server has no engine that makes summaries',
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
