import Cloudflare from 'cloudflare';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiToken } from '../../../src/tokens/api-tokens.js';
import { startApi, type TestApi } from './support.js';

const RECORDING_REQUESTS = 25;
const API_REQUESTS = 150;

let t: TestApi;
beforeAll(async () => {
  t = await startApi({
    apiRequestsPer5Minutes: API_REQUESTS,
    recordingRequestsPer50Seconds: RECORDING_REQUESTS,
  });
});
afterAll(() => t?.close());

it('one request too many about recordings is told when to come again, and the official client does (N01)', async () => {
  const token = await anotherToken();
  const scope = { account_id: t.accountId };
  const client = new Cloudflare({ apiToken: token, baseURL: `${t.origin}/client/v4` });
  for (let sent = 0; sent < RECORDING_REQUESTS; sent++) await list(token, 'recordings');
  const refused = await list(token, 'recordings');
  expect(refused.status).toBe(429);
  const waitMs = Number(refused.headers.get('retry-after-ms'));
  expect(waitMs).toBeGreaterThan(0);
  expect(refused.headers.get('retry-after')).toBe(String(Math.ceil(waitMs / 1000)));
  const message = 'Too many requests with this token, try again later';
  expect(await refused.json()).toEqual({
    success: false,
    error: { code: 429, message, reason: 'rate_limited' },
    errors: [{ code: 429, message }],
  });
  expect((await list(token, 'meetings')).status).toBe(200);
  expect((await client.realtimeKit.recordings.getRecordings(t.appId, scope)).success).toBe(true);
  const impatient = client.withOptions({ maxRetries: 0 }).realtimeKit.recordings;
  await expect(impatient.getRecordings(t.appId, scope)).rejects.toBeInstanceOf(Cloudflare.RateLimitError);
});

it('the limit of all requests holds for every path together, for each token alone (N01)', async () => {
  const token = await anotherToken();
  for (let sent = 0; sent < API_REQUESTS; sent++) await list(token, sent % 2 ? 'meetings' : 'presets');
  expect((await list(token, 'meetings')).status).toBe(429);
  const alias = await fetch(`${t.origin}/v2/meetings`, {
    headers: { authorization: `Basic ${Buffer.from(`${t.appId}:${token}`).toString('base64')}` },
  });
  expect(alias.status).toBe(429);
  expect((await t.call('GET', '/meetings')).status).toBe(200);
});

async function anotherToken(): Promise<string> {
  const { accountId } = t;
  const name = 'another';
  return (await createApiToken(t.database.db, { accountId, name, permissions: ['Realtime'] })).token;
}

function list(token: string, what: string): Promise<Response> {
  const url = `${t.origin}/client/v4/accounts/${t.accountId}/realtime/kit/${t.appId}/${what}`;
  return fetch(url, { headers: { authorization: `Bearer ${token}` } });
}
