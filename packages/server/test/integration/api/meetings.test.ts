import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t?.close());

const DEFAULTS = {
  title: null,
  status: 'ACTIVE',
  record_on_start: false,
  live_stream_on_start: false,
  persist_chat: false,
  summarize_on_end: false,
  transcribe_on_end: false,
  session_keep_alive_time_in_secs: 60,
};

const STORAGE = { type: 'aws', access_key: 'AKIA', secret: 's3cret', bucket: 'b', region: 'eu-central-1' };
const SFTP = {
  type: 'sftp',
  host: 'files.example.com',
  username: 'u',
  auth_method: 'PASSWORD',
  password: 's3cret',
};

async function create(body: object = {}): Promise<string> {
  return (await t.call('POST', '/meetings', body)).body.data.id;
}

describe('meetings', () => {
  it('are created with the documented defaults (C06)', async () => {
    const { status, body } = await t.call('POST', '/meetings', {});
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ...DEFAULTS,
        created_at: '2026-07-01T10:00:00.000Z',
        updated_at: '2026-07-01T10:00:00.000Z',
      },
    });
    expect((await t.call('GET', `/meetings/${body.data.id}`)).body).toEqual(body);
  });

  it('take null where the reference allows it', async () => {
    const { body } = await t.call('POST', '/meetings', {
      title: null,
      record_on_start: null,
      live_stream_on_start: null,
    });
    expect(body.data).toMatchObject(DEFAULTS);
  });

  it('are changed in part by PATCH and reset by PUT (C07, E25)', async () => {
    const id = await create({ title: 'Weekly', persist_chat: true, preferred_region: 'eu-central-1' });
    t.clock.advance(1000);
    const patched = await t.call('PATCH', `/meetings/${id}`, { record_on_start: true });
    expect(patched.body.data).toMatchObject({
      title: 'Weekly',
      persist_chat: true,
      record_on_start: true,
      preferred_region: 'eu-central-1',
      updated_at: t.clock.now().toISOString(),
    });
    const replaced = await t.call('PUT', `/meetings/${id}`, { title: 'Daily' });
    expect(replaced.body.data).toMatchObject({ ...DEFAULTS, title: 'Daily' });
    expect(replaced.body.data).not.toHaveProperty('preferred_region');
  });

  it('keep everything but the status when set INACTIVE, and PUT keeps the status (E23, E25, E28)', async () => {
    const id = await create({ title: 'Weekly', persist_chat: true });
    const inactive = await t.call('PATCH', `/meetings/${id}`, { status: 'INACTIVE' });
    expect(inactive.status).toBe(200);
    expect(inactive.body.data).toMatchObject({ title: 'Weekly', persist_chat: true, status: 'INACTIVE' });
    expect(t.sessions.meetingDeactivated).toHaveBeenCalledExactlyOnceWith(t.appId, id);
    expect((await t.call('PUT', `/meetings/${id}`, {})).body.data.status).toBe('INACTIVE');
    const active = await t.call('PATCH', `/meetings/${id}`, { status: 'ACTIVE' });
    expect(active.body.data.status).toBe('ACTIVE');
    expect(t.sessions.meetingDeactivated).toHaveBeenCalledTimes(1);
  });

  it.each([0, 1, 600])('take a keep-alive time of %i s (L03, OQ15)', async (seconds) => {
    const { body } = await t.call('POST', '/meetings', { session_keep_alive_time_in_secs: seconds });
    expect(body.data.session_keep_alive_time_in_secs).toBe(seconds);
  });

  it.each([-1, 601, 1.5, '60', null])('refuse a keep-alive time of %j (L03)', async (seconds) => {
    const { status, body } = await t.call('POST', '/meetings', { session_keep_alive_time_in_secs: seconds });
    expect(status).toBe(400);
    expect(body.error.message).toMatch(/^BAD_REQUEST: "session_keep_alive_time_in_secs" must be /);
  });

  it('never give back the secrets of a storage (SE09)', async () => {
    const id = await create({ recording_config: { max_seconds: 60, storage_config: STORAGE } });
    for (const path of [`/meetings/${id}`, '/meetings']) {
      const text = JSON.stringify((await t.call('GET', path)).body);
      expect(text).toContain('"bucket":"b"');
      expect(text).not.toMatch(/AKIA|s3cret/);
    }
    const patched = await t.call('PATCH', `/meetings/${id}`, { recording_config: { max_seconds: 90 } });
    expect(patched.body.data.recording_config).toEqual({
      max_seconds: 90,
      storage_config: { type: 'aws', bucket: 'b', region: 'eu-central-1' },
    });
    const stored = await t.database.db
      .selectFrom('meetings')
      .select('recording_config')
      .where('id', '=', id as never)
      .executeTakeFirstOrThrow();
    expect(stored.recording_config).toMatchObject({ storage_config: { shown: { bucket: 'b' } } });
    expect(JSON.stringify(stored.recording_config)).not.toMatch(/AKIA|s3cret/);
  });

  it('change a storage as a whole', async () => {
    const id = await create({ recording_config: { storage_config: STORAGE } });
    const patched = await t.call('PATCH', `/meetings/${id}`, {
      recording_config: { storage_config: SFTP },
    });
    const { password, ...shown } = SFTP;
    expect(patched.body.data.recording_config.storage_config).toEqual(shown);
  });

  it.each([
    [{ recording_config: { max_seconds: 59 } }, 'recording_config.max_seconds'],
    [{ recording_config: { storage_config: { type: 'ftp' } } }, 'recording_config.storage_config.type'],
    [{ recording_config: { storage_config: { type: 'gcs' } } }, 'recording_config.storage_config.secret'],
    [{ recording_config: { storage_config: { type: 'aws' } } }, 'recording_config.storage_config.access_key'],
    [
      { recording_config: { storage_config: { type: 'sftp', auth_method: 'KEY' } } },
      'recording_config.storage_config.private_key',
    ],
    [
      { recording_config: { video_config: { codec: 'VP8' }, audio_config: { codec: 'MP3' } } },
      'recording_config.audio_config.codec',
    ],
    [{ ai_config: { summarization: { word_limit: 149 } } }, 'ai_config.summarization.word_limit'],
    [{ ai_config: { transcription: { keywords: [1] } } }, 'ai_config.transcription.keywords[0]'],
    [{ titel: 'x' }, 'titel'],
    [{ status: 'INACTIVE' }, 'status'],
  ])('refuse %j and name the field', async (body, field) => {
    for (const answer of [
      await t.call('POST', '/meetings', body),
      ...('status' in body ? [] : [await t.call('PATCH', `/meetings/${await create()}`, body)]),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toContain(`BAD_REQUEST: "${field}" `);
    }
  });

  it('leave a meeting as it was when a PATCH is refused', async () => {
    const id = await create({ title: 'Weekly' });
    const before = (await t.call('GET', `/meetings/${id}`)).body;
    const refused = await t.call('PATCH', `/meetings/${id}`, {
      title: 'Other',
      recording_config: { max_seconds: 1 },
    });
    expect(refused.status).toBe(400);
    expect((await t.call('GET', `/meetings/${id}`)).body).toEqual(before);
  });

  it('are found by id, title, time and status, and paged without overlap (RE04)', async () => {
    const own = await t.addAccount();
    const list = async (query: string) => {
      const path = `/accounts/${own.accountId}/realtime/kit/${own.appId}/meetings${query}`;
      const response = await fetch(t.origin + path, { headers: { authorization: `Bearer ${own.token}` } });
      return (await response.json()) as { data: { id: string; title: string }[]; paging: object };
    };
    const added: string[] = [];
    for (const title of ['Alpha', 'Beta 100%', 'beta', 'Gamma']) {
      t.clock.advance(1000);
      const meeting = await t.client.realtimeKit.meetings.create(
        own.appId,
        { account_id: own.accountId, title },
        { headers: { authorization: `Bearer ${own.token}` } },
      );
      added.unshift(meeting.data?.id ?? '');
    }
    const titles = async (query: string) => (await list(query)).data.map(({ title }) => title);
    expect(await titles('')).toEqual(['Gamma', 'beta', 'Beta 100%', 'Alpha']);
    expect(await titles('?search=BETA')).toEqual(['beta', 'Beta 100%']);
    expect(await titles('?search=0%25')).toEqual(['Beta 100%']);
    expect(await titles('?search=_')).toEqual([]);
    expect(await titles(`?search=${added[0]}`)).toEqual(['Gamma']);
    expect(await titles('?status=INACTIVE')).toEqual([]);
    const since = new Date(t.clock.now().getTime() - 1000).toISOString();
    expect(await titles(`?start_time=${since}`)).toEqual(['Gamma', 'beta']);
    expect(await titles(`?end_time=${since}`)).toEqual(['beta', 'Beta 100%', 'Alpha']);
    expect(await list('?per_page=3&page_no=1')).toMatchObject({
      paging: { total_count: 4, start_offset: 1, end_offset: 3 },
    });
    expect(await list('?per_page=3&page_no=2')).toMatchObject({
      data: [{ title: 'Alpha' }],
      paging: { total_count: 4, start_offset: 4, end_offset: 4 },
    });
    expect(await list('?per_page=3&page_no=3')).toMatchObject({
      data: [],
      paging: { total_count: 4, start_offset: 0, end_offset: 0 },
    });
    expect((await list('?per_page=0&page_no=0')).data).toHaveLength(4);
  });

  it.each([
    ['page_no=-1', 'page_no'],
    ['page_no=1000001', 'page_no'],
    ['page_no=1.5', 'page_no'],
    ['page_no=1&page_no=2', 'page_no'],
    ['per_page=501', 'per_page'],
    ['per_page=x', 'per_page'],
    ['start_time=yesterday', 'start_time'],
    ['end_time=2026-13-01', 'end_time'],
    ['status=active', 'status'],
    ['search=%00', 'search'],
    ['serach=x', 'serach'],
  ])('refuse the query %s and name the field', async (query, field) => {
    const { status, body } = await t.call('GET', `/meetings?${query}`);
    expect(status).toBe(400);
    expect(body.error.message).toContain(`BAD_REQUEST: "${field}" `);
  });

  it('answer 404 for an unknown id and 400 for what is no id (K09)', async () => {
    const unknown = 'bbb1c2d3-0000-4000-8000-000000000000';
    for (const [method, body] of [['GET'], ['PUT', {}], ['PATCH', {}]] as const) {
      const missing = await t.call(method, `/meetings/${unknown}`, body);
      expect(missing.status).toBe(404);
      expect(missing.body).toEqual({
        success: false,
        error: { code: 404, message: `No meeting found with id ${unknown}` },
        errors: [{ code: 404, message: `No meeting found with id ${unknown}` }],
      });
      const malformed = await t.call(method, '/meetings/not-an-id', body);
      expect(malformed.body.error).toEqual({
        code: 400,
        message: 'BAD_REQUEST: "meeting_id" must be a valid GUID',
      });
    }
    const id = await create();
    expect((await t.call('GET', `/meetings/${id.toUpperCase()}?name=x`)).body.data.id).toBe(id);
  });
});
