import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HostileRequest, hostileRequests, type KnownIds } from './hostile-requests.js';
import { startApi, type TestApi } from './support.js';

const RUNS = Number(process.env.PARLEY_HOSTILE_RUNS ?? 4000);
const TIMEOUT_MS = 600_000;

let t: TestApi;
let ids: KnownIds;
let routes: string[];

beforeAll(async () => {
  t = await startApi();
  const { paths } = (await (await t.api.request('/openapi.json')).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  routes = Object.entries(paths)
    .filter(([path]) => path.includes('{app_id}'))
    .flatMap(([path, item]) =>
      ['get', 'post', 'put', 'patch', 'delete']
        .filter((method) => item[method])
        .map((method) => `${method.toUpperCase()} ${path.split('{app_id}')[1]}`),
    );
  const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
  ids = {
    meeting,
    participant: (
      await t.call('POST', `/meetings/${meeting}/participants`, {
        custom_participant_id: 'a',
        preset_name: 'group_call_host',
      })
    ).body.data.id,
    preset: (await t.call('GET', '/presets')).body.data[0].id,
    webhook: (
      await t.call('POST', '/webhooks', { name: 'w', url: 'https://example.com', events: ['meeting.ended'] })
    ).body.data.id,
  };
});
afterAll(() => t?.close());

/** One value that changes whenever anything in the database does. */
async function fingerprint(): Promise<string> {
  const tables = [
    'apps',
    'presets',
    'meetings',
    'participants',
    'webhooks',
    'webhook_deliveries',
    'sessions',
  ];
  const parts = tables.map(
    (table) =>
      sql`(select coalesce(md5(string_agg(t::text, '' order by t.id)), '') from ${sql.table(table)} t)`,
  );
  const { rows } = await sql<{ all: string }>`select concat(${sql.join(parts)}) as all`.execute(
    t.database.db,
  );
  return rows[0]!.all;
}

async function send({ method, path, headers, body }: HostileRequest): Promise<Response> {
  return await t.api.request(`/accounts/${t.accountId}/realtime/kit/${t.appId}${path}`, {
    method,
    headers: { ...headers, authorization: `Bearer ${t.token}` },
    ...(body !== undefined && { body }),
  });
}

function expectRefusal(status: number, body: Record<string, unknown>): void {
  expect(body).toEqual({
    success: false,
    error: expect.objectContaining({ code: status, message: expect.stringMatching(/./) }),
    errors: [expect.objectContaining({ code: status, message: expect.stringMatching(/./) })],
  });
  if (status === 503) expect(body.error).toMatchObject({ reason: 'not_available' });
  else expect(status, JSON.stringify(body)).toBeLessThan(500);
}

it(
  `${RUNS} mutated requests are answered in form, never with a failure, and change nothing when refused`,
  async () => {
    let before = await fingerprint();
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(hostileRequests(routes, ids), async (request) => {
        const response = await send(request);
        expect(response.headers.get('content-type')).toBe('application/json');
        const body = (await response.json()) as Record<string, unknown>;
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        const after = await fingerprint();
        if (response.ok) expect(body.success).toBe(true);
        else {
          expectRefusal(response.status, body);
          expect(after).toBe(before);
        }
        before = after;
      }),
      { numRuns: RUNS },
    );
    // The mutations must reach both sides of the validation to prove anything.
    const accepted = [...statuses]
      .filter(([status]) => status < 300)
      .reduce((sum, [, count]) => sum + count, 0);
    expect(accepted).toBeGreaterThan(RUNS / 20);
    expect(statuses.get(400)).toBeGreaterThan(RUNS / 5);
  },
  TIMEOUT_MS,
);
