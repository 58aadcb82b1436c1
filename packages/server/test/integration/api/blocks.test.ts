import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

const UNKNOWN = '813432c7-3c5a-45e2-9acf-eef7061c7584';
const HOUR_MS = 3_600_000;

let t: TestApi;
let meeting: string;
let participant: string;
beforeAll(async () => {
  t = await startApi();
});
afterAll(() => t?.close());
beforeEach(async () => {
  meeting = (await t.call('POST', '/meetings', {})).body.data.id;
  const added = await t.call('POST', `/meetings/${meeting}/participants`, {
    custom_participant_id: 'custom-tom',
    preset_name: 'group_call_participant',
  });
  participant = added.body.data.id;
  t.sessions.participantsBlocked.mockClear();
});

const block = (body: object) => t.call('POST', `/meetings/${meeting}/blocks`, body);
const inAnHour = () => new Date(t.clock.now().getTime() + HOUR_MS).toISOString();

describe('blocks', () => {
  it('are made, shown, listed and lifted', async () => {
    const made = await block({
      participant_id: participant.toUpperCase(),
      reason: 'Spam',
      expires_at: inAnHour(),
    });
    expect(made.status).toBe(201);
    expect(made.body.data).toEqual({
      id: expect.any(String),
      meeting_id: meeting,
      participant_id: participant,
      custom_participant_id: null,
      reason: 'Spam',
      expires_at: inAnHour(),
      created_at: t.clock.now().toISOString(),
    });
    expect(t.sessions.participantsBlocked).toHaveBeenCalledExactlyOnceWith(
      { appId: t.appId, meetingId: meeting },
      [{ participantId: participant, customParticipantId: null }],
    );
    const path = `/meetings/${meeting}/blocks/${made.body.data.id}`;
    expect((await t.call('GET', path)).body.data).toEqual(made.body.data);
    expect((await t.call('GET', `/meetings/${meeting}/blocks`)).body).toMatchObject({
      data: [made.body.data],
      paging: { total_count: 1 },
    });
    expect((await t.call('DELETE', path)).body.data).toEqual(made.body.data);
    expect((await t.call('DELETE', path)).status).toBe(404);
  });

  it('of the app are apart from those of its meetings, and of other apps', async () => {
    const { body } = await t.call('POST', '/blocks', { custom_participant_id: 'x'.repeat(1024) });
    expect(body.data).toMatchObject({ meeting_id: null, expires_at: null, reason: null });
    expect((await t.call('GET', `/blocks/${body.data.id}`)).status).toBe(200);
    expect((await t.call('GET', `/meetings/${meeting}/blocks/${body.data.id}`)).status).toBe(404);
    expect((await t.call('GET', `/meetings/${meeting}/blocks`)).body.data).toEqual([]);
    const other = await t.addAccount();
    const foreign = `${t.origin}/accounts/${other.accountId}/realtime/kit/${other.appId}/blocks/${body.data.id}`;
    const headers = { authorization: `Bearer ${other.token}` };
    expect((await fetch(foreign, { method: 'DELETE', headers })).status).toBe(404);
    expect((await t.call('DELETE', `/blocks/${body.data.id}`)).status).toBe(200);
  });

  it('run out by themselves, and are cleared away', async () => {
    const { body } = await block({ participant_id: participant, expires_at: inAnHour() });
    t.clock.advance(HOUR_MS);
    expect((await t.call('GET', `/meetings/${meeting}/blocks/${body.data.id}`)).status).toBe(404);
    expect((await t.call('GET', `/meetings/${meeting}/blocks`)).body.data).toEqual([]);
    await block({ custom_participant_id: 'another' });
    const kept = await t.database.db
      .selectFrom('blocks')
      .select('id')
      .where('meeting_id', '=', meeting as never)
      .execute();
    expect(kept).toHaveLength(1);
  });

  it.each([
    [{}, 400, '"participant_id" or "custom_participant_id" must be given'],
    [{ participant_id: UNKNOWN, custom_participant_id: 'x' }, 400, '"participant_id" or'],
    [{ participant_id: 'tom' }, 400, '"participant_id" must be a valid GUID'],
    [{ participant_id: UNKNOWN }, 404, `No participant found with id ${UNKNOWN}`],
    [{ custom_participant_id: '' }, 400, '"custom_participant_id" is not allowed to be empty'],
    [{ custom_participant_id: 'x', reason: 5 }, 400, '"reason" must be a string'],
    [{ custom_participant_id: 'x', expires_at: 'soon' }, 400, '"expires_at" must be in ISO 8601'],
    [
      { custom_participant_id: 'x', expires_at: '2001-01-01T00:00:00Z' },
      400,
      '"expires_at" must be in the future',
    ],
    [{ custom_participant_id: 'x', until: 1 }, 400, '"until" is not allowed'],
  ])('refuse %j', async (body, status, message) => {
    const refused = await block(body);
    expect([refused.status, refused.body.error.message]).toEqual([status, expect.stringContaining(message)]);
    expect((await t.call('GET', `/meetings/${meeting}/blocks`)).body.data).toEqual([]);
  });

  it('are made by a kick that asks for them, and by no other', async () => {
    const kick = (body: object) => t.call('POST', `/meetings/${meeting}/active-session/kick`, body);
    t.sessions.kickForGood.mockImplementationOnce(async (_meeting, _who, write) => {
      await write();
      return [];
    });
    const selection = {
      participant_ids: [participant, UNKNOWN, 'nobody'],
      custom_participant_ids: ['custom-ann'],
    };
    expect((await kick({ ...selection, block: true, block_reason: 'Noise' })).status).toBe(200);
    const { body } = await t.call('GET', `/meetings/${meeting}/blocks`);
    expect(body.data).toHaveLength(2);
    expect(body.data).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ participant_id: participant, reason: 'Noise' }),
        expect.objectContaining({ custom_participant_id: 'custom-ann', reason: 'Noise' }),
      ]),
    );
    const { body: refused } = await kick({ ...selection, block_reason: 'Noise' });
    expect(refused.error.message).toContain('"block_reason" is allowed only when');
  });
});
