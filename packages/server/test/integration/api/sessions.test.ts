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

const UNKNOWN = uuid('f', 999);

const LIVE = () => ({
  id: recorded.live,
  associated_id: recorded.standup,
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
    const { body } = await t.call('GET', `/sessions/${recorded.live}`);
    expect(body).toEqual({ success: true, data: { ...LIVE(), session: LIVE() } });
    t.clock.advance(30_000);
    expect((await t.call('GET', `/sessions/${recorded.live}`)).body.data.minutes_consumed).toBe(32);
    t.clock.advance(-30_000);
  });

  it('is the active session of its meeting (L09)', async () => {
    const { body } = await t.call('GET', `/meetings/${recorded.standup}/active-session`);
    expect(body).toEqual({ success: true, data: LIVE() });
    expect((await t.call('GET', `/meetings/${recorded.review}/active-session`)).status).toBe(404);
  });

  it('keeps its figures when it has ended', async () => {
    const { body } = await t.call('GET', `/sessions/${recorded.ended}?include_breakout_rooms=true`);
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
      `/sessions/${recorded.live}`,
      `/sessions/${recorded.live}/participants`,
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
    expect(await numbers(`?search=${recorded.ended}`)).toEqual([1]);
    expect(await numbers(`?search=${recorded.standup.toUpperCase()}`)).toEqual([2, 1]);
    expect(await numbers(`?associated_id=${recorded.review}`)).toEqual([3]);
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
