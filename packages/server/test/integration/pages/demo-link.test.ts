import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import type { AppId, MeetingId, PresetId } from '../../../src/ids.js';
import { pages } from '../../../src/pages/index.js';
import type { Services } from '../../../src/services.js';
import { createParticipantTokens, type ParticipantTokens } from '../../../src/tokens/participant-tokens.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';
import { insertMeeting } from '../../support/rows.js';

const MEETING = '0199c9a5-0000-7000-8000-000000000001' as MeetingId;
const APP = '0199c9a5-0000-7000-8000-000000000002' as AppId;
const HOST_PRESET = '0199c9a5-0000-7000-8000-000000000003' as PresetId;
const GUEST_PRESET = '0199c9a5-0000-7000-8000-000000000004' as PresetId;

describe('the demo link of a local server', () => {
  let database: TestDatabase;
  let participantTokens: ParticipantTokens;

  beforeAll(async () => {
    database = await startDatabase();
    participantTokens = createParticipantTokens(database.db, systemClock);
    await addMeeting(database);
  });
  afterAll(() => database?.close());

  const follow = async (query = '', headers = { host: 'localhost:8080' }) => {
    const settings = { host: '127.0.0.1', baseDomain: 'localhost:8443' };
    const log = pino({ level: 'silent' });
    const services = { settings, db: database.db, clock: systemClock, log, participantTokens };
    const routes = pages(services as Services);
    const response = await routes.request(`/meet/${MEETING}/demo${query}`, { headers });
    const token = response.headers.get('location')?.replace('/meet?authToken=', '') ?? '';
    return { response, claims: token ? await participantTokens.verify(token) : undefined };
  };

  it('lets in as a guest, and as a host when asked', async () => {
    const guest = await follow();
    expect(guest.response.status).toBe(303);
    expect(guest.claims).toMatchObject({ meetingId: MEETING, orgId: APP, presetId: GUEST_PRESET });
    expect((await follow('?as=host')).claims).toMatchObject({ presetId: HOST_PRESET });
  });

  it('is one participant per role, however often it is opened', async () => {
    const [first, second] = [await follow(), await follow()];
    expect(second.claims?.participantId).toBe(first.claims?.participantId);
    const rows = await database.db.selectFrom('participants').select('custom_participant_id').execute();
    expect(rows.map((row) => row.custom_participant_id).sort()).toEqual(['demo-guest', 'demo-host']);
  });

  it('knows two roles', async () => {
    const { response } = await follow('?as=admin');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      success: false,
      error: { code: 400, message: 'BAD_REQUEST: "as" must be one of [host, guest]' },
    });
  });

  it('is not there for a web site that points a name of its own to this machine', async () => {
    expect((await follow('', { host: 'rebound.example' })).response.status).toBe(404);
  });
});

async function addMeeting({ db }: TestDatabase): Promise<void> {
  const at = new Date();
  const none = JSON.stringify({});
  await db.insertInto('accounts').values({ id: 'account', name: 'Test' }).execute();
  await db
    .insertInto('apps')
    .values({ id: APP, account_id: 'account', name: 'Test', created_at: at })
    .execute();
  for (const [id, name] of [
    [HOST_PRESET, 'group_call_host'],
    [GUEST_PRESET, 'group_call_participant'],
  ] as const) {
    await db
      .insertInto('presets')
      .values({
        id,
        app_id: APP,
        name,
        config: none,
        permissions: none,
        ui: none,
        created_at: at,
        updated_at: at,
      })
      .execute();
  }
  await insertMeeting(db, APP, at, { id: MEETING, title: 'Demo' });
}
