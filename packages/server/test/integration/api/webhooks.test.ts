import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppId } from '../../../src/ids.js';
import { WEBHOOK_EVENT_NAMES } from '../../../src/webhooks/events.js';
import { queueWebhooks } from '../../../src/webhooks/outbox.js';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t?.close());

const UNKNOWN = '813432c7-3c5a-45e2-9acf-eef7061c7584';
const HOOK = { name: 'end', url: 'https://example.com/hook', events: ['meeting.ended'] };

describe('webhooks', () => {
  it('go through create, list, read, replace, change and delete (WB01, E17)', async () => {
    const created = await t.call('POST', '/webhooks', HOOK);
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ...HOOK,
        enabled: true,
        created_at: t.clock.now().toISOString(),
        updated_at: t.clock.now().toISOString(),
      },
    });
    const path = `/webhooks/${created.body.data.id}`;
    expect((await t.call('GET', path)).body).toEqual(created.body);
    expect((await t.call('GET', '/webhooks')).body).toEqual({ success: true, data: [created.body.data] });

    t.clock.advance(1000);
    const edited = await t.call('PATCH', path, { enabled: false });
    expect(edited.body.data).toEqual({
      ...created.body.data,
      enabled: false,
      updated_at: t.clock.now().toISOString(),
    });
    const replaced = await t.call('PUT', path, {
      name: 'all',
      url: 'http://127.0.0.1:9/x',
      events: [...WEBHOOK_EVENT_NAMES],
    });
    expect(replaced.body.data).toMatchObject({
      name: 'all',
      enabled: true,
      events: [...WEBHOOK_EVENT_NAMES],
    });
    const deleted = await t.call('DELETE', path);
    expect(deleted.status).toBe(200);
    expect(deleted.body).toEqual(replaced.body);
    expect((await t.call('GET', path)).status).toBe(404);
    expect((await t.call('GET', '/webhooks')).body.data).toEqual([]);
  });

  it('are offered nine events (WB02, WB04, CF29)', async () => {
    const { body } = await t.call('GET', '/webhooks/all');
    expect(body).toEqual({ success: true, data: [...WEBHOOK_EVENT_NAMES] });
    expect(body.data).toHaveLength(9);
  });

  it.each([
    [{ name: undefined }, '"name" is required'],
    [{ url: undefined }, '"url" is required'],
    [{ events: undefined }, '"events" is required'],
    [{ url: 'example.com' }, '"url" must be a valid uri with the scheme http or https'],
    [{ url: 'ftp://example.com' }, '"url" must be a valid uri with the scheme http or https'],
    [{ events: [] }, '"events" must contain at least 1 items'],
    [{ events: ['meeting.exploded'] }, `"events[0]" must be one of [${WEBHOOK_EVENT_NAMES.join(', ')}]`],
    [{ events: 'meeting.ended' }, '"events" must be an array'],
    [{ enabled: 'yes' }, '"enabled" must be a boolean'],
    [{ secret: 'x' }, '"secret" is not allowed'],
  ])('are refused with %j (WB04)', async (change, message) => {
    const answer = await t.call('POST', '/webhooks', { ...HOOK, ...change });
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toBe(`BAD_REQUEST: ${message}`);
    expect((await t.call('GET', '/webhooks')).body.data).toEqual([]);
  });

  it('have the live service sentence for a bad id (rest-api.md 0.5)', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : HOOK;
      const bad = await t.call(method, '/webhooks/1', body);
      expect(bad.body.error).toEqual({ code: 400, message: 'BAD_REQUEST: "id" must be a valid GUID' });
      const missing = await t.call(method, `/webhooks/${UNKNOWN}`, body);
      expect(missing.body.error).toEqual({ code: 404, message: `No webhook found with id ${UNKNOWN}` });
    }
  });

  it('name an event once even if it was sent twice', async () => {
    const { body } = await t.call('POST', '/webhooks', {
      ...HOOK,
      events: ['meeting.ended', 'meeting.ended'],
    });
    expect(body.data.events).toEqual(['meeting.ended']);
    await t.call('DELETE', `/webhooks/${body.data.id}`);
  });
});

describe('the delivery log of a webhook', () => {
  let hook: string;
  let deliveries: string;
  beforeEach(async () => {
    hook = (await t.call('POST', '/webhooks', HOOK)).body.data.id;
    deliveries = `/webhooks/${hook}/deliveries`;
    for (let number = 1; number <= 3; number++) {
      const event = {
        appId: t.appId as AppId,
        sessionId: null,
        event: 'meeting.ended' as const,
        payload: { number },
      };
      await queueWebhooks(t.database.db, [event], t.clock.now());
    }
    return async () => void (await t.call('DELETE', `/webhooks/${hook}`));
  });

  const setStatus = (id: string, status: 'DELIVERED' | 'FAILED') =>
    t.database.db
      .updateTable('webhook_deliveries')
      .set({ status, attempts: 1, finished_at: t.clock.now() })
      .where('id', '=', id)
      .execute();

  it('lists deliveries by status and page, the newest first (WB15)', async () => {
    const { body } = await t.call('GET', deliveries);
    expect(body.paging).toEqual({ total_count: 3, start_offset: 1, end_offset: 3 });
    expect(body.data[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      webhook_id: hook,
      session_id: null,
      event: 'meeting.ended',
      status: 'PENDING',
      attempts: 0,
      next_attempt_at: t.clock.now().toISOString(),
      created_at: t.clock.now().toISOString(),
      finished_at: null,
    });
    await setStatus(body.data[2].id, 'FAILED');
    const failed = await t.call('GET', `${deliveries}?status=FAILED`);
    expect(failed.body.data).toMatchObject([{ id: body.data[2].id, next_attempt_at: null, attempts: 1 }]);
    const second = await t.call('GET', `${deliveries}?per_page=2&page_no=2`);
    expect(second.body.data).toMatchObject([{ id: body.data[2].id }]);
    expect((await t.call('GET', `${deliveries}?status=LOST`)).status).toBe(400);
  });

  it('shows one delivery with its body and every attempt', async () => {
    const [newest] = (await t.call('GET', deliveries)).body.data;
    await t.database.db
      .insertInto('webhook_attempts')
      .values([
        {
          delivery_id: newest.id,
          attempt: 2,
          at: t.clock.now(),
          duration_ms: 7,
          http_status: 204,
          error: null,
        },
        {
          delivery_id: newest.id,
          attempt: 1,
          at: t.clock.now(),
          duration_ms: 10_000,
          http_status: null,
          error: 'timeout',
        },
      ])
      .execute();
    const { body } = await t.call('GET', `${deliveries}/${newest.id}`);
    expect(JSON.parse(body.data.body)).toEqual({ number: 3 });
    expect(body.data.attempt_log).toEqual([
      {
        attempt: 1,
        at: t.clock.now().toISOString(),
        duration_ms: 10_000,
        http_status: null,
        error: 'timeout',
      },
      { attempt: 2, at: t.clock.now().toISOString(), duration_ms: 7, http_status: 204, error: null },
    ]);
  });

  it('sends a delivery again', async () => {
    const [newest] = (await t.call('GET', deliveries)).body.data;
    const { status, body } = await t.call('POST', `${deliveries}/${newest.id}/redeliver`);
    expect(status).toBe(200);
    expect(body.data.id).toBe(newest.id);
    expect(t.redeliver).toHaveBeenLastCalledWith(newest.id);
  });

  it('is out of reach through another webhook or app', async () => {
    const [newest] = (await t.call('GET', deliveries)).body.data;
    const other = (await t.call('POST', '/webhooks', HOOK)).body.data.id;
    const calls = t.redeliver.mock.calls.length;
    expect((await t.call('GET', `/webhooks/${other}/deliveries/${newest.id}`)).status).toBe(404);
    expect((await t.call('POST', `/webhooks/${other}/deliveries/${newest.id}/redeliver`)).status).toBe(404);
    expect((await t.call('GET', `/webhooks/${UNKNOWN}/deliveries`)).status).toBe(404);
    const stranger = await t.addAccount();
    const theirs = `${t.origin}/accounts/${stranger.accountId}/realtime/kit/${stranger.appId}`;
    for (const path of [deliveries, `${deliveries}/${newest.id}`]) {
      const response = await fetch(theirs + path, { headers: { authorization: `Bearer ${stranger.token}` } });
      expect(response.status).toBe(404);
    }
    expect(t.redeliver).toHaveBeenCalledTimes(calls);
    await t.call('DELETE', `/webhooks/${other}`);
  });
});
