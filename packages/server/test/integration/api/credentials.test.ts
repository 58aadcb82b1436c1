import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createApiToken,
  ensureApiToken,
  listApiTokens,
  revokeApiToken,
} from '../../../src/tokens/api-tokens.js';
import { startApi, type TestApi } from './support.js';

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
  it.each(['Basic', 'Basic !!!!', 'basic x y'])('refuse malformed credentials: %s', async (authorization) => {
    const answer = await send('/v2/meetings', authorization);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual(UNAUTHENTICATED);
  });

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
