import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t?.close());

describe('lock and size of a meeting', () => {
  it('are kept, shown once they were set, and reset by PUT', async () => {
    const { body } = await t.call('POST', '/meetings', { locked: true, max_participants: 5 });
    expect(body.data).toMatchObject({ locked: true, max_participants: 5 });
    const path = `/meetings/${body.data.id}`;
    const patched = await t.call('PATCH', path, { locked: false });
    expect(patched.body.data).toMatchObject({ locked: false, max_participants: 5 });
    expect(t.sessions.meetingChanged).toHaveBeenLastCalledWith(body.data.id);
    const { body: listed } = await t.call('GET', '/meetings');
    expect(listed.data[0]).not.toHaveProperty('locked');
    const replaced = await t.call('PUT', path, {});
    expect(replaced.body.data).not.toHaveProperty('locked');
    expect(replaced.body.data).not.toHaveProperty('max_participants');
  });

  it.each([
    [{ locked: 'yes' }, '"locked" must be a boolean'],
    [{ max_participants: 0 }, '"max_participants" must be greater than or equal to 1'],
    [{ max_participants: 10_001 }, '"max_participants" must be less than or equal to 10000'],
    [{ max_participants: 2.5 }, '"max_participants" must be'],
  ])('refuse %j', async (body, message) => {
    const refused = await t.call('POST', '/meetings', body);
    expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringContaining(message)]);
  });
});

describe('the time of a meeting', () => {
  const ENDS_AT = '2099-07-01T12:00:00+02:00';

  it('is kept, shown in UTC once it was set, taken back by null, and reset by PUT', async () => {
    const { body } = await t.call('POST', '/meetings', { max_session_minutes: 45, ends_at: ENDS_AT });
    const shown = { max_session_minutes: 45, ends_at: '2099-07-01T10:00:00.000Z' };
    expect(body.data).toMatchObject(shown);
    const path = `/meetings/${body.data.id}`;
    expect((await t.call('GET', path)).body.data).toMatchObject(shown);
    const patched = await t.call('PATCH', path, { max_session_minutes: null });
    expect(patched.body.data).toMatchObject({ ends_at: shown.ends_at });
    expect(patched.body.data).not.toHaveProperty('max_session_minutes');
    const { body: listed } = await t.call('GET', '/meetings');
    expect(listed.data[0]).not.toHaveProperty('ends_at');
    const replaced = await t.call('PUT', path, { max_session_minutes: 5 });
    expect(replaced.body.data).toMatchObject({ max_session_minutes: 5 });
    expect(replaced.body.data).not.toHaveProperty('ends_at');
  });

  it('may be set to the past by a change, which ends the session, and not for a new meeting', async () => {
    const past = { ends_at: '2020-01-01T00:00:00Z' };
    const refused = await t.call('POST', '/meetings', past);
    expect([refused.status, refused.body.error.message]).toEqual([
      400,
      'BAD_REQUEST: "ends_at" must be in the future',
    ]);
    const { body } = await t.call('POST', '/meetings', {});
    expect((await t.call('PATCH', `/meetings/${body.data.id}`, past)).status).toBe(200);
    expect(t.sessions.meetingChanged).toHaveBeenLastCalledWith(body.data.id);
  });

  it.each([
    [{ max_session_minutes: 0 }, '"max_session_minutes" must be greater than or equal to 1'],
    [{ max_session_minutes: 525_601 }, '"max_session_minutes" must be less than or equal to 525600'],
    [{ max_session_minutes: 1.5 }, '"max_session_minutes" must be'],
    [{ ends_at: 'tomorrow' }, '"ends_at" must be'],
    [{ ends_at: '2099-07-01T12:00:00' }, '"ends_at" must be'],
    [{ ends_at: 4_000_000_000 }, '"ends_at" must be'],
  ])('refuses %j', async (body, message) => {
    for (const [method, path] of [
      ['POST', '/meetings'],
      ['PATCH', `/meetings/${(await t.call('POST', '/meetings', {})).body.data.id}`],
    ] as const) {
      const refused = await t.call(method, path, body);
      expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringContaining(message)]);
    }
  });
});
