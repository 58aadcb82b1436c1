import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPresets } from '../../../src/presets/defaults.js';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t?.close());

const UNKNOWN = 'bbb1c2d3-0000-4000-8000-000000000000';
const template = defaultPresets[0]!;

let counter = 0;
const body = (change: object = {}) => {
  counter += 1;
  return { ...structuredClone(template), name: `preset-${counter}`, ...change };
};
const create = async (change: object = {}) => (await t.call('POST', '/presets', body(change))).body.data;
const partOf = <Part>(value: Part) => structuredClone(value) as Record<string, unknown> & Part;

describe('presets', () => {
  it('come with a new app (C03, C04, G14)', async () => {
    const { body: page } = await t.call('GET', '/presets?per_page=100');
    expect(page.data.map(({ name }: { name: string }) => name).sort()).toEqual(
      defaultPresets.map(({ name }) => name).sort(),
    );
    expect(page.paging.total_count).toBe(defaultPresets.length);
    for (const { id, name } of page.data) {
      const { data } = (await t.call('GET', `/presets/${id}`)).body;
      expect(data).toMatchObject(defaultPresets.find((preset) => preset.name === name)!);
    }
  });

  it('go through create, read, change, replace and delete (P01)', async () => {
    const wanted = body();
    const created = await t.call('POST', '/presets', wanted);
    expect(created.status).toBe(200);
    expect(created.body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ...wanted,
        created_at: t.clock.now().toISOString(),
        updated_at: t.clock.now().toISOString(),
      },
    });
    const path = `/presets/${created.body.data.id}`;
    expect((await t.call('GET', path)).body).toEqual(created.body);

    t.clock.advance(1000);
    const patched = await t.call('PATCH', path, { permissions: { polls: { can_vote: false } } });
    const expected = structuredClone(created.body.data);
    expected.permissions.polls.can_vote = false;
    expected.updated_at = t.clock.now().toISOString();
    expect(patched.body.data).toEqual(expected);

    const other = { ...structuredClone(defaultPresets[1]!), name: wanted.name };
    const replaced = await t.call('PUT', path, other);
    expect(replaced.body.data).toMatchObject(other);
    const deleted = await t.call('DELETE', path);
    expect(deleted.status).toBe(200);
    expect(deleted.body).toEqual(replaced.body);
    expect((await t.call('GET', path)).body.error).toEqual({
      code: 404,
      message: `No preset found with id ${created.body.data.id}`,
    });
  });

  it('keep every field of the schema as it was sent (P06-P14)', async () => {
    const config = {
      ...partOf(template.config),
      view_type: 'AUDIO_ROOM',
      livestream_viewer_qualities: null,
      track_recording: { subscriptions: [] },
    };
    const permissions = {
      ...partOf(template.permissions),
      stage_access: 'CAN_REQUEST',
      recorder_type: 'LIVESTREAMER',
      plugins: { ...template.permissions.plugins, config: { x: { access_control: 'VIEW_ONLY', free: [1] } } },
    };
    const ui = {
      design_tokens: {
        ...template.ui.design_tokens,
        logo: 'https://example.com/l.png',
        google_font: 'Inter',
      },
      config_diff: { rtk: { a: 1 } },
    };
    expect(await create({ config, permissions, ui })).toMatchObject({ config, permissions, ui });
  });

  it.each([
    [{ config: undefined }, '"config" is required'],
    [{ ui: undefined }, '"ui" is required'],
    [{ name: '' }, '"name" is not allowed to be empty'],
    [{ name: 7 }, '"name" must be a string'],
    [{ nmae: 'x' }, '"nmae" is not allowed'],
    [
      { config: { ...template.config, view_type: 'PARTY' } },
      '"config.view_type" must be one of [GROUP_CALL, WEBINAR, AUDIO_ROOM, LIVESTREAM]',
    ],
    [
      { permissions: { ...template.permissions, kick_participant: 'yes' } },
      '"permissions.kick_participant" must be a boolean',
    ],
    [{ permissions: { ...template.permissions, can_fly: true } }, '"permissions.can_fly" is not allowed'],
    [{ ui: { design_tokens: { theme: 'dark' } } }, '"ui.design_tokens.border_radius" is required'],
    [
      {
        ui: {
          design_tokens: {
            ...template.ui.design_tokens,
            colors: { ...template.ui.design_tokens.colors, danger: 'red' },
          },
        },
      },
      '"ui.design_tokens.colors.danger" must be a hex colour',
    ],
  ])('are refused with %j (P02, P03)', async (change, message) => {
    const before = (await t.call('GET', '/presets?per_page=1')).body.paging.total_count;
    const { status, body: answer } = await t.call('POST', '/presets', body(change));
    expect(status).toBe(400);
    expect(answer.error.message).toBe(`BAD_REQUEST: ${message}`);
    expect((await t.call('GET', '/presets?per_page=1')).body.paging.total_count).toBe(before);
  });

  it('judge a change by what it results in, and keep the old preset when it is refused', async () => {
    const preset = await create();
    for (const [patch, message] of [
      [
        { config: { max_video_streams: { desktop: '6' } } },
        '"config.max_video_streams.desktop" must be a number',
      ],
      [
        { permissions: { chat: { public: { can_shout: true } } } },
        '"permissions.chat.public.can_shout" is not allowed',
      ],
      [{ ui: { design_tokens: null } }, '"ui.design_tokens" must be of type object'],
      [{ permissions: 'all' }, '"permissions" must be of type object'],
    ] as const) {
      const { status, body: answer } = await t.call('PATCH', `/presets/${preset.id}`, {
        name: 'other',
        ...patch,
      });
      expect(status).toBe(400);
      expect(answer.error.message).toBe(`BAD_REQUEST: ${message}`);
    }
    expect((await t.call('GET', `/presets/${preset.id}`)).body.data).toEqual(preset);
  });

  it('have names that are unique in the app, and say that a retry is of no use', async () => {
    const first = await create();
    const second = await create();
    for (const answer of [
      await t.call('POST', '/presets', body({ name: first.name })),
      await t.call('PATCH', `/presets/${second.id}`, { name: first.name }),
      await t.call('PUT', `/presets/${second.id}`, body({ name: first.name })),
    ]) {
      expect(answer.status).toBe(409);
      expect(answer.headers.get('x-should-retry')).toBe('false');
      expect(answer.body.error.message).toBe(`A preset with the name ${first.name} exists already`);
    }
    const stranger = await t.addAccount();
    const response = await fetch(
      `${t.origin}/accounts/${stranger.accountId}/realtime/kit/${stranger.appId}/presets`,
      {
        method: 'POST',
        headers: { authorization: `Bearer ${stranger.token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body({ name: first.name })),
      },
    );
    expect(response.status).toBe(200);
  });

  it('cannot be deleted while a participant has them, and can afterwards (P04)', async () => {
    const preset = await create();
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    const participants = `/meetings/${meeting}/participants`;
    const participant = (
      await t.call('POST', participants, { custom_participant_id: 'a', preset_name: preset.name })
    ).body.data;
    const refused = await t.call('DELETE', `/presets/${preset.id}`);
    expect(refused.status).toBe(409);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(refused.body.error.message).toBe(`The preset ${preset.id} is in use by participants`);
    expect((await t.call('GET', `${participants}/${participant.id}`)).status).toBe(200);

    await t.call('DELETE', `${participants}/${participant.id}`);
    expect((await t.call('DELETE', `/presets/${preset.id}`)).status).toBe(200);
    expect((await t.call('DELETE', `${participants}/${participant.id}`)).status).toBe(404);
  });

  it('survive many changes at once, none of which is lost', async () => {
    const preset = await create();
    const flags = Object.keys(template.permissions).filter(
      (key) => typeof template.permissions[key as 'can_record'] === 'boolean',
    );
    await Promise.all(
      flags.map((flag) =>
        t.call('PATCH', `/presets/${preset.id}`, { permissions: { [flag]: !preset.permissions[flag] } }),
      ),
    );
    const { permissions } = (await t.call('GET', `/presets/${preset.id}`)).body.data;
    for (const flag of flags) expect(permissions[flag], flag).toBe(!preset.permissions[flag]);
  });

  it('are never half deleted when participants are added at the same moment', async () => {
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    for (let round = 0; round < 10; round++) {
      const preset = await create();
      const [removed, ...added] = await Promise.all([
        t.call('DELETE', `/presets/${preset.id}`),
        ...Array.from({ length: 3 }, () =>
          t.call('POST', `/meetings/${meeting}/participants`, {
            custom_participant_id: 'a',
            preset_name: preset.name,
          }),
        ),
      ]);
      const statuses = added.map(({ status }) => status);
      if (removed.status === 200) expect(statuses).toEqual([404, 404, 404]);
      else {
        expect(removed.status).toBe(409);
        expect(statuses).toContain(201);
      }
    }
  });

  it('answer 404 for an unknown id and 400 for what is no id', async () => {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const sent = method === 'PATCH' ? {} : method === 'PUT' ? body() : undefined;
      expect((await t.call(method, `/presets/${UNKNOWN}`, sent)).body.error.message).toBe(
        `No preset found with id ${UNKNOWN}`,
      );
      expect((await t.call(method, '/presets/7', sent)).body.error.message).toBe(
        'BAD_REQUEST: "preset_id" must be a valid GUID',
      );
    }
  });
});
