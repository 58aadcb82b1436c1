import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ParticipantId } from '../../../src/ids.js';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
let meeting: string;
let path: string;
beforeAll(async () => {
  t = await startApi();
});
beforeEach(async () => {
  meeting = (await t.call('POST', '/meetings', {})).body.data.id;
  path = `/meetings/${meeting}/active-session`;
});
afterAll(() => t?.close());

const UNKNOWN = '813432c7-3c5a-45e2-9acf-eef7061c7584';
const NOW = new Date('2026-07-01T10:00:00.000Z');

const affected = (id: string, name: string | null, picture: string | null) => ({
  id: id as ParticipantId,
  name,
  picture,
  created_at: NOW,
  updated_at: NOW,
});

describe('the active session of a meeting that nobody is in', () => {
  it.each([
    ['GET', '', undefined],
    ['POST', '/kick', { participant_ids: [UNKNOWN] }],
    ['POST', '/kick-all', undefined],
    ['POST', '/mute', { custom_participant_ids: ['a'] }],
    ['POST', '/mute-all', { allow_unmute: true }],
    ['POST', '/poll', { question: 'Q?', options: ['a', 'b'] }],
  ])('answers 404 to %s %s (K26, X05, OQ01)', async (method, below, body) => {
    const answer = await t.call(method, path + below, body);
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      success: false,
      error: { code: 404, message: `No active session found for meeting_id ${meeting}` },
      errors: [{ code: 404, message: `No active session found for meeting_id ${meeting}` }],
    });
  });

  it('is not asked about meetings of others (C01)', async () => {
    const answer = await t.call('POST', `/meetings/${UNKNOWN}/active-session/kick-all`);
    expect(answer.body.error.message).toBe(`No meeting found with id ${UNKNOWN}`);
    expect(t.sessions.kickAll).not.toHaveBeenCalledWith(UNKNOWN);
  });
});

describe('kick', () => {
  it('passes both lists on and shows who was removed (K11-K22)', async () => {
    t.sessions.kick.mockResolvedValueOnce([
      affected(UNKNOWN, 'Mary', 'https://example.com/m.png'),
      affected(meeting, null, null),
    ]);
    const { status, body } = await t.call('POST', `${path}/kick`, {
      participant_ids: [UNKNOWN],
      custom_participant_ids: ['cust-1'],
    });
    expect(status).toBe(200);
    expect(t.sessions.kick).toHaveBeenLastCalledWith(meeting, {
      participantIds: [UNKNOWN],
      customParticipantIds: ['cust-1'],
    });
    const times = { created_at: NOW.toISOString(), updated_at: NOW.toISOString() };
    expect(body).toEqual({
      success: true,
      data: {
        action: 'kick',
        participants: [
          { id: UNKNOWN, name: 'Mary', picture: 'https://example.com/m.png', ...times },
          { id: meeting, ...times },
        ],
      },
    });
  });

  it('takes one list without the other (K13)', async () => {
    t.sessions.kick.mockResolvedValue([]);
    await t.call('POST', `${path}/kick`, { participant_ids: [UNKNOWN] });
    await t.call('POST', `${path}/kick`, { participant_ids: [], custom_participant_ids: ['c'] });
    expect(t.sessions.kick.mock.calls.slice(-2).map(([, selection]) => selection)).toEqual([
      { participantIds: [UNKNOWN], customParticipantIds: [] },
      { participantIds: [], customParticipantIds: ['c'] },
    ]);
    t.sessions.kick.mockReset();
  });

  it.each([
    [{}, '"participant_ids" or "custom_participant_ids" must name at least one participant'],
    [
      { participant_ids: [], custom_participant_ids: [] },
      '"participant_ids" or "custom_participant_ids" must name at least one participant',
    ],
    [{ participant_ids: UNKNOWN }, '"participant_ids" must be an array'],
    [{ custom_participant_ids: [7] }, '"custom_participant_ids[0]" must be a string'],
    [{ custom_participant_ids: [''] }, '"custom_participant_ids[0]" is not allowed to be empty'],
    [
      { participant_ids: Array(501).fill('a') },
      '"participant_ids" must contain less than or equal to 500 items',
    ],
    [{ participants: [UNKNOWN] }, '"participants" is not allowed'],
    [[UNKNOWN], '"body" must be of type object'],
    ['{"participant_ids":', '"body" must be valid JSON'],
  ])('refuses %j (K10-K12, OQ03)', async (body, message) => {
    const before = t.sessions.kick.mock.calls.length;
    for (const below of ['/kick', '/mute']) {
      const answer = await t.call('POST', path + below, body);
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toBe(`BAD_REQUEST: ${message}`);
    }
    expect(t.sessions.kick).toHaveBeenCalledTimes(before);
  });

  it('has no other verbs (K01)', async () => {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await t.call(method, `${path}/kick`);
      expect(answer.status).toBe(405);
      expect(answer.headers.get('allow')).toBe('POST');
    }
  });
});

describe('kick-all, mute, mute-all and poll', () => {
  it('kick-all needs no body and counts (E13, E14, X04)', async () => {
    t.sessions.kickAll.mockResolvedValueOnce(3);
    const { status, body } = await t.call('POST', `${path}/kick-all`);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, data: { action: 'kick_all', kicked_participants_count: 3 } });
    expect(t.sessions.kickAll).toHaveBeenLastCalledWith(meeting);
  });

  it('mute and mute-all answer like kick and kick-all (X09)', async () => {
    t.sessions.mute.mockResolvedValueOnce([affected(UNKNOWN, 'Mary', null)]);
    const muted = await t.call('POST', `${path}/mute`, { participant_ids: [UNKNOWN] });
    expect(muted.body.data).toMatchObject({ action: 'mute', participants: [{ id: UNKNOWN, name: 'Mary' }] });
    t.sessions.muteAll.mockResolvedValueOnce(2);
    const all = await t.call('POST', `${path}/mute-all`, { allow_unmute: false });
    expect(all.body.data).toEqual({ action: 'mute_all', muted_participants_count: 2 });
    expect(t.sessions.muteAll).toHaveBeenLastCalledWith(meeting, false);
    const refused = await t.call('POST', `${path}/mute-all`, {});
    expect(refused.body.error.message).toBe('BAD_REQUEST: "allow_unmute" is required');
  });

  it('poll answers 201 with the poll', async () => {
    const poll = {
      id: 'p',
      question: 'Q?',
      options: [{ text: 'a', count: 0, votes: [] }],
      anonymous: true,
      hide_votes: false,
      created_by: '',
      voted: [],
    };
    t.sessions.createPoll.mockResolvedValueOnce(poll);
    const { status, body } = await t.call('POST', `${path}/poll`, {
      question: 'Q?',
      options: ['a', 'b'],
      anonymous: true,
    });
    expect(status).toBe(201);
    expect(body.data).toEqual({ action: 'poll', poll });
    expect(t.sessions.createPoll).toHaveBeenLastCalledWith(meeting, {
      question: 'Q?',
      options: ['a', 'b'],
      anonymous: true,
      hide_votes: false,
    });
    for (const refused of [{ question: 'Q?' }, { question: 'Q?', options: ['a'] }, { options: ['a', 'b'] }]) {
      expect((await t.call('POST', `${path}/poll`, refused)).status).toBe(400);
    }
  });
});
