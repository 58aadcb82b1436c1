import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
let meeting: string;
beforeAll(async () => {
  t = await startApi();
});
beforeEach(async () => {
  meeting = (await t.call('POST', '/meetings', {})).body.data.id;
});
afterAll(() => t?.close());

const DAYS_100_SECONDS = 8_640_000;
const UNKNOWN = 'aaa1c2d3-0000-4000-8000-000000000000';
const MARY = { custom_participant_id: 'user-17', preset_name: 'group_call_host', name: 'Mary' };

const add = async (body: object = MARY) =>
  (await t.call('POST', `/meetings/${meeting}/participants`, body)).body.data;

describe('participants', () => {
  it('are added with a token of 100 days (C13, SE01)', async () => {
    const { status, body } = await t.call('POST', `/meetings/${meeting}/participants`, {
      ...MARY,
      picture: 'https://example.com/mary.png',
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ...MARY,
        picture: 'https://example.com/mary.png',
        created_at: t.clock.now().toISOString(),
        updated_at: t.clock.now().toISOString(),
        token: expect.stringMatching(/^eyJ/),
      },
    });
    const claims = JSON.parse(atob(body.data.token.split('.')[1]));
    expect(claims).toEqual({
      orgId: t.appId,
      meetingId: meeting,
      participantId: body.data.id,
      presetId: expect.any(String),
      iat: Math.floor(t.clock.now().getTime() / 1000),
      exp: Math.floor(t.clock.now().getTime() / 1000) + DAYS_100_SECONDS,
    });
    expect(await t.participantTokens.verify(body.data.token)).toEqual(claims);
  });

  it('may go without name and picture, and may share a custom id', async () => {
    const first = await add({ custom_participant_id: 'a@example.com', preset_name: 'group_call_host' });
    const second = await add({
      custom_participant_id: 'a@example.com',
      preset_name: 'group_call_host',
      name: null,
      picture: null,
    });
    expect(first).toMatchObject({ name: null, picture: null });
    expect(second.id).not.toBe(first.id);
  });

  it.each([
    ['webinar_boss', 'No preset found with name webinar_boss'],
    [
      'Group_Call_Host',
      'No preset found with name Group_Call_Host; names are case-sensitive, did you mean group_call_host?',
    ],
  ])('are refused with the preset %s (P05)', async (preset_name, message) => {
    const answer = await t.call('POST', `/meetings/${meeting}/participants`, { ...MARY, preset_name });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toEqual({ code: 404, message });
    const { id } = await add();
    const edit = await t.call('PATCH', `/meetings/${meeting}/participants/${id}`, { preset_name });
    expect(edit.body.error.message).toBe(message);
  });

  it('are refused in a meeting that is not there, and taken in one that is INACTIVE', async () => {
    const missing = await t.call('POST', `/meetings/${UNKNOWN}/participants`, MARY);
    expect(missing.body.error).toEqual({ code: 404, message: `No meeting found with id ${UNKNOWN}` });
    await t.call('PATCH', `/meetings/${meeting}`, { status: 'INACTIVE' });
    expect((await t.call('POST', `/meetings/${meeting}/participants`, MARY)).status).toBe(201);
  });

  it.each([
    [{}, 'custom_participant_id', 'is required'],
    [{ custom_participant_id: '' }, 'custom_participant_id', 'is not allowed to be empty'],
    [{ custom_participant_id: 17, preset_name: 'x' }, 'custom_participant_id', 'must be a string'],
    [{ custom_participant_id: 'a' }, 'preset_name', 'is required'],
    [{ ...MARY, picture: 'mary.png' }, 'picture', 'must be a valid uri'],
    [{ ...MARY, picture: 'javascript:alert(1)' }, 'picture', 'must be a valid uri'],
    [{ ...MARY, name: ['Mary'] }, 'name', 'must be a string'],
    [{ ...MARY, name: 'a\u0000b' }, 'name', 'must not contain NUL characters or lone surrogates'],
    [{ ...MARY, email: 'x' }, 'email', 'is not allowed'],
  ])('are refused as %j', async (body, field, reason) => {
    const { status, body: answer } = await t.call('POST', `/meetings/${meeting}/participants`, body);
    expect(status).toBe(400);
    expect(answer.error.message).toBe(`BAD_REQUEST: "${field}" ${reason}`);
    expect(answer.errors[0].source).toEqual({ pointer: field });
    expect((await t.call('GET', `/meetings/${meeting}/participants`)).body.paging.total_count).toBe(0);
  });

  it('are listed without tokens, the newest first (C15, RE04)', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) {
      t.clock.advance(1000);
      ids.unshift((await add()).id);
    }
    const { body } = await t.call('GET', `/meetings/${meeting}/participants?per_page=2`);
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 2));
    expect(body.data[0]).not.toHaveProperty('token');
    expect(body.paging).toEqual({ total_count: 3, start_offset: 1, end_offset: 2 });
    expect((await t.call('GET', `/meetings/${UNKNOWN}/participants`)).status).toBe(404);
  });

  it('are edited in part and get a token each time (C15)', async () => {
    const { id, token } = await add();
    t.clock.advance(2000);
    const { body } = await t.call('PATCH', `/meetings/${meeting}/participants/${id}`, {
      preset_name: 'group_call_participant',
    });
    expect(body.data).toMatchObject({ id, name: 'Mary', preset_name: 'group_call_participant' });
    expect(body.data.token).not.toBe(token);
    const cleared = await t.call('PATCH', `/meetings/${meeting}/participants/${id}`, {
      name: null,
      preset_name: null,
    });
    expect(cleared.body.data).toMatchObject({ name: null, preset_name: 'group_call_participant' });
    expect((await t.call('GET', `/meetings/${meeting}/participants/${id}`)).body.data).toMatchObject({
      name: null,
      updated_at: t.clock.now().toISOString(),
    });
  });

  it('get a fresh token and keep the old one (SE02)', async () => {
    const { id, token } = await add();
    t.clock.advance(5000);
    const { status, body } = await t.call('POST', `/meetings/${meeting}/participants/${id}/token`);
    expect(status).toBe(200);
    expect(Object.keys(body.data)).toEqual(['token']);
    expect((await t.participantTokens.verify(body.data.token)).participantId).toBe(id);
    expect((await t.participantTokens.verify(token)).participantId).toBe(id);
  });

  it('are deleted once, answer without id, and lose their connections (SE03, X07, OQ06)', async () => {
    const { id, created_at } = await add();
    t.clock.advance(1000);
    const path = `/meetings/${meeting}/participants/${id}`;
    const { status, body } = await t.call('DELETE', path);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      custom_participant_id: 'user-17',
      preset_id: expect.any(String),
      created_at,
      updated_at: t.clock.now().toISOString(),
    });
    expect(t.sessions.participantDeleted).toHaveBeenLastCalledWith(meeting, id);
    const calls = t.sessions.participantDeleted.mock.calls.length;
    for (const [method, below] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/token'],
    ] as const) {
      const gone = await t.call(method, path + below, method === 'PATCH' ? {} : undefined);
      expect(gone.body.error).toEqual({ code: 404, message: `No participant found with id ${id}` });
    }
    expect((await t.call('GET', `/meetings/${meeting}/participants`)).body.data).toEqual([]);
    // The repeated deletion closed connections again, in case that the first could not.
    expect(t.sessions.participantDeleted).toHaveBeenCalledTimes(calls + 1);
  });

  it('are out of reach through another meeting or app (C01, C12)', async () => {
    const { id } = await add();
    const other = (await t.call('POST', '/meetings', {})).body.data.id;
    const stranger = await t.addAccount();
    const theirs = `${t.origin}/accounts/${stranger.accountId}/realtime/kit/${stranger.appId}`;
    const calls = t.sessions.participantDeleted.mock.calls.length;
    for (const method of ['GET', 'DELETE']) {
      expect((await t.call(method, `/meetings/${other}/participants/${id}`)).status).toBe(404);
      const response = await fetch(`${theirs}/meetings/${meeting}/participants/${id}`, {
        method,
        headers: { authorization: `Bearer ${stranger.token}` },
      });
      expect(response.status).toBe(404);
    }
    expect(t.sessions.participantDeleted).toHaveBeenCalledTimes(calls);
    expect((await t.call('GET', `/meetings/${meeting}/participants/${id}`)).status).toBe(200);
  });
});
