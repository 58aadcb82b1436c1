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
    expect(t.sessions.meetingChanged).toHaveBeenLastCalledWith(body.data.id, { locked: false });
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
