import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t?.close());

const WEBHOOK = { name: 'w', url: 'https://example.com/', events: ['meeting.ended'] };

it('a PATCH without fields changes nothing, and so not updated_at either (E25)', async () => {
  const meeting = (await t.call('POST', '/meetings', { title: 'Kept' })).body.data;
  const participants = `/meetings/${meeting.id}/participants`;
  const who = { name: 'Mary', preset_name: 'group_call_host', custom_participant_id: 'mary' };
  const participant = (await t.call('POST', participants, who)).body.data;
  const presets = (await t.call('GET', '/presets')).body.data;
  const preset = (await t.call('GET', `/presets/${presets[0].id}`)).body.data;
  const webhook = (await t.call('POST', '/webhooks', WEBHOOK)).body.data;
  t.clock.advance(60_000);

  for (const [path, before] of [
    [`/meetings/${meeting.id}`, meeting],
    [`${participants}/${participant.id}`, participant],
    [`/presets/${preset.id}`, preset],
    [`/webhooks/${webhook.id}`, webhook],
  ]) {
    const { status, body } = await t.call('PATCH', path, {});
    expect([status, { ...body.data, token: undefined }]).toEqual([200, { ...before, token: undefined }]);
  }
  const unknown = await t.call('PATCH', '/meetings/0b7b2d1e-9a39-4a45-8f43-0b64d6d3f2a1', {});
  expect(unknown.status).toBe(404);
});
