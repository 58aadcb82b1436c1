import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createApiToken,
  ensureApiToken,
  listApiTokens,
  revokeApiToken,
} from '../../../src/tokens/api-tokens.js';
import { MAX_BODY_BYTES, startApi, type TestApi } from './support.js';

let t: TestApi;
let kit: string;
beforeAll(async () => {
  t = await startApi();
  kit = `/accounts/${t.accountId}/realtime/kit`;
});
afterAll(() => t?.close());

const send = async (path: string, authorization: string | null, init: RequestInit = {}) => {
  const headers = { ...(authorization !== null && { authorization }), ...init.headers };
  const response = await fetch(t.origin + path, { ...init, headers });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
};
const bearer = () => `Bearer ${t.token}`;
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

const UNAUTHENTICATED = {
  success: false,
  error: { code: 401, message: 'Authentication error' },
  errors: [{ code: 10000, message: 'Authentication error' }],
};

describe('credentials', () => {
  it.each([
    ['no header', () => null],
    ['a wrong scheme', () => `Token ${t.token}`],
    ['a bad token', () => 'Bearer nonsense'],
    ['an empty token', () => 'Bearer '],
    ['two tokens', () => `Bearer ${t.token} ${t.token}`],
    ['Basic instead of Bearer', () => basic(t.appId, t.token)],
    ['a token without end', () => `Bearer ${'x'.repeat(5000)}`],
  ])('are refused with %s (K05, OQ20)', async (_name, authorization) => {
    for (const path of [
      `${kit}/apps`,
      `${kit}/${t.appId}/meetings`,
      `/client/v4${kit}/${t.appId}/webhooks`,
    ]) {
      const answer = await send(path, authorization());
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual(UNAUTHENTICATED);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('pass with either permission and fail with neither (K06, E16, E18, E24)', async () => {
    const account = { accountId: t.accountId, name: 'x' };
    for (const permission of ['Realtime', 'Realtime Admin'] as const) {
      const { token } = await createApiToken(t.database.db, { ...account, permissions: [permission] });
      expect((await send(`${kit}/${t.appId}/meetings`, `Bearer ${token}`)).status).toBe(200);
    }
    const { token } = await createApiToken(t.database.db, { ...account, permissions: [] });
    const refused = await send(`${kit}/${t.appId}/meetings`, `Bearer ${token}`);
    expect(refused.status).toBe(403);
    expect(refused.body.errors).toEqual([
      { code: 10000, message: 'The token needs the permission Realtime or Realtime Admin' },
    ]);
  });

  it('are dead at once when revoked, and a fixed token comes back to life', async () => {
    const account = { accountId: t.accountId, name: 'temporary', permissions: ['Realtime'] as const };
    const { id, token } = await createApiToken(t.database.db, account);
    expect((await send(`${kit}/apps`, `Bearer ${token}`)).status).toBe(200);
    expect(await revokeApiToken(t.database.db, id, t.clock.now())).toBe(true);
    expect(await revokeApiToken(t.database.db, id, t.clock.now())).toBe(false);
    expect(await revokeApiToken(t.database.db, 'not an id', t.clock.now())).toBe(false);
    expect((await send(`${kit}/apps`, `Bearer ${token}`)).status).toBe(401);
    expect((await listApiTokens(t.database.db, t.accountId))[0]).toMatchObject({
      id,
      name: 'temporary',
      permissions: ['Realtime'],
      revokedAt: t.clock.now(),
    });
    await ensureApiToken(t.database.db, account, token);
    await ensureApiToken(t.database.db, account, token);
    expect((await send(`${kit}/apps`, `Bearer ${token}`)).status).toBe(200);
  });

  it('see nothing of another account (C01)', async () => {
    const stranger = await t.addAccount();
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    for (const [path, message] of [
      [`${kit}/${t.appId}/meetings/${meeting}`, `No account found with id ${t.accountId}`],
      [`${kit}/apps`, `No account found with id ${t.accountId}`],
      [
        `/accounts/${stranger.accountId}/realtime/kit/${t.appId}/meetings/${meeting}`,
        `No app found with id ${t.appId}`,
      ],
      [
        `/accounts/${stranger.accountId}/realtime/kit/${stranger.appId}/meetings/${meeting}`,
        `No meeting found with id ${meeting}`,
      ],
    ] as const) {
      const answer = await send(path, `Bearer ${stranger.token}`);
      expect(answer.status).toBe(404);
      expect(answer.body.error.message).toBe(message);
    }
  });

  it('are never stored as they are', async () => {
    const rows = await t.database.db.selectFrom('api_tokens').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(t.token);
    expect(rows[0]?.token_hash).toHaveLength(32);
  });
});

describe('account and app in the path', () => {
  it.each([
    ['account_id', (id: string) => `/accounts/${id}/realtime/kit/apps`],
    ['app_id', (id: string) => `/accounts/${t.accountId}/realtime/kit/${id}/meetings`],
  ])('%s takes up to 64 characters (K07, K08, CF21)', async (field, path) => {
    for (const length of [1, 32, 33, 36, 64]) {
      const answer = await send(path('a'.repeat(length)), bearer());
      expect(answer.status, String(length)).toBe(404);
      expect(answer.body.error.message).toMatch(/^No (account|app) found with id a+$/);
    }
    const tooLong = await send(path('a'.repeat(65)), bearer());
    expect(tooLong.status).toBe(400);
    expect(tooLong.body.error.message).toBe(
      `BAD_REQUEST: "${field}" length must be less than or equal to 64 characters long`,
    );
  });

  it('are found with and without /client/v4', async () => {
    for (const prefix of ['', '/client/v4']) {
      expect((await send(`${prefix}${kit}/apps`, bearer())).body.data).toHaveLength(1);
    }
  });
});

describe('apps', () => {
  it('are created and listed (C02)', async () => {
    const own = await t.addAccount();
    const path = `/accounts/${own.accountId}/realtime/kit/apps`;
    const auth = `Bearer ${own.token}`;
    t.clock.advance(1000);
    const created = await send(path, auth, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Staging"}',
    });
    expect(created.status).toBe(200);
    expect(created.body).toEqual({
      success: true,
      data: { app: { id: expect.any(String), name: 'Staging', created_at: t.clock.now().toISOString() } },
    });
    const names = async (query: string) =>
      (await send(path + query, auth)).body.data.map(({ name }: { name: string }) => name);
    expect(await names('')).toEqual(['Staging', 'Test app']);
    expect(await names('?sort_order=ASC')).toEqual(['Test app', 'Staging']);
    expect(await names('?search=stag')).toEqual(['Staging']);
    expect(await names('?per_page=1&page_no=2')).toEqual(['Test app']);
    const presets = await send(
      `/accounts/${own.accountId}/realtime/kit/${created.body.data.app.id}/presets`,
      auth,
    );
    expect(presets.body.data).toHaveLength(6);
    for (const body of ['{}', '{"name":""}', '{"name":"x","id":1}']) {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      expect((await send(path, auth, init)).status).toBe(400);
    }
  });
});

describe('the older /v2 paths', () => {
  it('serve the same handlers with Basic credentials (rest-api.md 0.1)', async () => {
    const auth = basic(t.appId, t.token);
    const created = await send('/v2/meetings', auth, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"title":"Old style"}',
    });
    expect(created.status).toBe(201);
    const id = created.body.data.id;
    expect((await t.call('GET', `/meetings/${id}`)).body).toEqual(created.body);
    expect((await send(`/v2/meetings/${id}/active-session`, auth)).status).toBe(404);
    expect((await send('/v2/presets', auth)).body.data).toHaveLength(6);
    const missing = await send('/v2/no-such-thing', auth);
    expect(missing.body).toMatchObject({ success: false, error: { code: 404 } });
  });

  it('refuse keys of other accounts and unknown apps alike', async () => {
    const stranger = await t.addAccount();
    for (const auth of [
      basic(t.appId, stranger.token),
      basic(t.appId, 'nonsense'),
      basic('not-an-app', t.token),
      basic('813432c7-3c5a-45e2-9acf-eef7061c7584', t.token),
    ]) {
      const answer = await send('/v2/meetings', auth);
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual(UNAUTHENTICATED);
    }
  });

  it('leave participant tokens to the client API', async () => {
    const passedOn = t.api.request('/v2/meetings', { headers: { authorization: bearer() } });
    expect(await (await passedOn).text()).toBe('404 Not Found');
  });
});

describe('bodies', () => {
  const post = (
    body: string | ReadableStream,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) =>
    send(`${kit}/${t.appId}/meetings`, bearer(), {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);

  const TOO_LARGE = `BAD_REQUEST: "body" must not be larger than ${MAX_BODY_BYTES} bytes`;

  it('are refused above the limit, which is named', async () => {
    const answer = await post(JSON.stringify({ title: 'x'.repeat(MAX_BODY_BYTES) }));
    expect(answer.status).toBe(413);
    expect(answer.body.error.message).toBe(TOO_LARGE);
    expect(answer.body.errors[0].source).toEqual({ pointer: 'body' });
  });

  it('are cut off at the limit when they come without a length', async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 1;
        if (sent > 1000) controller.close();
        else controller.enqueue(new TextEncoder().encode(' '.repeat(16_384)));
      },
    });
    const answer = await post(endless).catch(() => undefined);
    // The connection may be gone before the whole body is.
    if (answer) expect(answer.body.error.message).toBe(TOO_LARGE);
    expect(sent).toBeLessThan(1000);
    expect((await post('{}')).status).toBe(201);
  });

  it.each([
    ['{"title":', '"body" must be valid JSON'],
    ['', '"body" must be valid JSON'],
    ['null', '"body" must be of type object'],
    ['[]', '"body" must be of type object'],
    ['"x"', '"body" must be of type object'],
    ['{"title":"a\\u0000b"}', '"title" must not contain NUL characters or lone surrogates'],
    ['{"title":"\\ud800"}', '"title" must not contain NUL characters or lone surrogates'],
    ['{"ai_config":{"\\u0000":1}}', '"ai_config" must not contain NUL characters or lone surrogates'],
    ['{"__proto__":{"title":"x"}}', '"__proto__" is not allowed'],
    [
      `{"ai_config":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      '"body" must not be nested deeper than 32 levels',
    ],
    ['{"session_keep_alive_time_in_secs":1e400}', '"session_keep_alive_time_in_secs" must be a number'],
  ])('%.60s is refused (K10)', async (body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toBe(`BAD_REQUEST: ${message}`);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %s are refused',
    async (type) => {
      const answer = await post('title=x', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(answer.body.error.message).toBe('BAD_REQUEST: "content-type" must be application/json');
    },
  );

  it('may be left out where no field is required', async () => {
    const answer = await send(`${kit}/${t.appId}/meetings`, bearer(), { method: 'POST' });
    expect(answer.status).toBe(201);
  });
});

describe('unknown routes and methods', () => {
  it.each([
    ['GET', '/nothing'],
    ['GET', '/meetings/x/y/z'],
    ['POST', ''],
  ])('%s %s is answered with 404 in the error form', async (method, path) => {
    const { status, body } = await t.call(method, path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ success: false, error: { code: 404 }, errors: [{ code: 404 }] });
  });

  it('a method that a path does not have is answered with those it has', async () => {
    const { status, headers, body } = await t.call('DELETE', '/meetings');
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, POST');
    expect(body.error).toEqual({ code: 405, message: 'DELETE is not allowed here; use GET or POST' });
  });

  it('browsers of other origins get no permission (RE08)', async () => {
    for (const authorization of [null, bearer()]) {
      for (const method of ['OPTIONS', 'GET']) {
        const response = await fetch(`${t.origin}${kit}/${t.appId}/meetings`, {
          method,
          headers: {
            origin: 'https://evil.example',
            'access-control-request-method': 'GET',
            ...(authorization && { authorization }),
          },
        });
        expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    }
  });
});

describe('failures', () => {
  it('of a kind that nobody expected carry an id and no details', async () => {
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    t.sessions.kickAll.mockRejectedValueOnce(new TypeError('secret detail'));
    const answer = await t.call('POST', `/meetings/${meeting}/active-session/kick-all`);
    expect(answer.status).toBe(500);
    expect(answer.body.error.message).toMatch(/^Internal error \(failure [0-9a-f-]{36}\)$/);
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  it('of the database are 503 and may be tried again', async () => {
    vi.spyOn(t.database.db, 'selectFrom').mockImplementationOnce(() => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    const answer = await t.call('GET', '/meetings');
    vi.restoreAllMocks();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('x-should-retry')).toBeNull();
  });
});

describe('what this server cannot do yet', () => {
  it('is empty when listed and refused when started, after judging the request', async () => {
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    const unknown = '813432c7-3c5a-45e2-9acf-eef7061c7584';
    const EMPTY = { success: true, data: [], paging: { total_count: 0, start_offset: 0, end_offset: 0 } };
    const many = 'status=UPLOADED&status=ERRORED&expired=false&sort_by=invokedTime';
    for (const path of [
      '/recordings',
      `/recordings?${many}`,
      '/recordings?status=UPLOADED,PAUSED',
      '/livestreams',
    ]) {
      expect((await t.call('GET', path)).body).toEqual(EMPTY);
    }
    expect((await t.call('GET', '/livestreams?sort_order=DSC&exclude_meetings=true')).body).toEqual(EMPTY);
    for (const [path, body] of [
      ['/recordings', { meeting_id: meeting, video_config: { codec: 'H264' } }],
      ['/recordings/track', { meeting_id: meeting, layers: { default: {} } }],
      [`/meetings/${meeting}/livestreams`, { manual_ingest: true }],
      ['/livestreams', { name: 'x' }],
    ] as const) {
      const answer = await t.call('POST', path, body);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      expect(answer.body.error).toMatchObject({
        reason: 'not_available',
        message: expect.stringContaining('not available'),
      });
    }
    for (const [method, path, body, status] of [
      ['GET', '/recordings?status=LOST', undefined, 400],
      ['GET', `/recordings/${unknown}`, undefined, 404],
      ['PUT', `/recordings/${unknown}`, { action: 'stop' }, 404],
      ['PUT', `/recordings/${unknown}`, { action: 'end' }, 400],
      ['GET', `/recordings/active-recording/${meeting}`, undefined, 404],
      ['POST', '/recordings', { meeting_id: unknown }, 404],
      ['POST', '/recordings', { meeting_id: 'x' }, 400],
      ['POST', '/recordings', { meeting_id: meeting, max_seconds: 1 }, 400],
      ['GET', `/livestreams/${unknown}`, undefined, 404],
      ['GET', `/livestreams/${unknown}/active-livestream-session`, undefined, 404],
      ['GET', `/livestreams/sessions/${unknown}`, undefined, 404],
      ['GET', `/meetings/${meeting}/active-livestream`, undefined, 404],
      ['POST', `/meetings/${meeting}/active-livestream/stop`, undefined, 404],
      ['GET', `/meetings/${meeting}/livestream`, undefined, 404],
    ] as const) {
      expect((await t.call(method, path, body)).status, `${method} ${path}`).toBe(status);
    }
  });
});
