import Cloudflare from 'cloudflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { failureOf, type Stage, startStage } from './stage.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNKNOWN = '813432c7-3c5a-45e2-9acf-eef7061c7584';
const OBJECT = { id: expect.stringMatching(UUID), created_at: expect.stringMatching(ISO) };
const RECORD = { ...OBJECT, updated_at: expect.stringMatching(ISO) };

describe.skipIf(!serverIsBuilt)('the official client with only its base URL changed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(() => stage?.dispose());

  test('apps (C02, C03, RE01, RE04)', async () => {
    const { kit, account } = stage;
    const { data, success } = await kit.apps.post({ ...account, name: 'Staging' });
    expect(success).toBe(true);
    expect(data?.app).toEqual({ ...OBJECT, name: 'Staging' });
    const found = await kit.apps.get({
      ...account,
      search: 'stag',
      sort_order: 'ASC',
      page_no: 1,
      per_page: 5,
    });
    expect(found.data).toEqual([data?.app]);
    expect(found.paging).toEqual({ total_count: 1, start_offset: 1, end_offset: 1 });
    const presets = await kit.presets.get(data!.app!.id!, account);
    expect(presets.data.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'group_call_host',
        'group_call_participant',
        'webinar_presenter',
        'webinar_viewer',
      ]),
    );
  });

  test('meetings (C05-C07, E25, RE01)', async () => {
    const { kit, account, scope } = stage;
    const created = await kit.meetings.create(scope.app_id, {
      ...account,
      title: 'Weekly',
      record_on_start: true,
      ai_config: { summarization: { word_limit: 200 } },
      recording_config: { max_seconds: 90, realtimekit_bucket_config: { enabled: true } },
    });
    expect(created).toEqual({
      success: true,
      data: {
        ...RECORD,
        title: 'Weekly',
        status: 'ACTIVE',
        record_on_start: true,
        live_stream_on_start: false,
        persist_chat: false,
        summarize_on_end: false,
        transcribe_on_end: false,
        session_keep_alive_time_in_secs: 60,
        ai_config: { summarization: { word_limit: 200 } },
        recording_config: { max_seconds: 90, realtimekit_bucket_config: { enabled: true } },
      },
    });
    const { id } = created.data!;
    expect(await kit.meetings.getMeetingByID(id, { ...scope, name: 'anything' })).toEqual(created);

    const listed = await kit.meetings.get(scope.app_id, { ...account, search: id, status: 'ACTIVE' });
    expect(listed.data).toHaveLength(1);
    expect(listed.data[0]).not.toHaveProperty('ai_config');
    expect(listed.paging).toEqual({ total_count: 1, start_offset: 1, end_offset: 1 });

    const changed = await kit.meetings.updateMeetingByID(id, { ...scope, persist_chat: true });
    expect(changed.data).toMatchObject({ title: 'Weekly', record_on_start: true, persist_chat: true });
    const replaced = await kit.meetings.replaceMeetingByID(id, { ...scope, title: 'Daily' });
    expect(replaced.data).toMatchObject({ title: 'Daily', record_on_start: false, persist_chat: false });
    expect(replaced.data).not.toHaveProperty('recording_config');
  });

  test('participants and their tokens (C12-C16, SE01, SE02, SE03)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const added = await kit.meetings.addParticipant(meeting, {
      ...scope,
      custom_participant_id: 'user-17',
      preset_name: 'group_call_host',
      name: 'Mary',
      picture: 'https://example.com/mary.png',
    });
    const { token, ...participant } = added.data!;
    expect(participant).toEqual({
      ...RECORD,
      custom_participant_id: 'user-17',
      preset_name: 'group_call_host',
      name: 'Mary',
      picture: 'https://example.com/mary.png',
    });
    const claims = JSON.parse(atob(token.split('.')[1]!));
    expect(claims).toMatchObject({ meetingId: meeting, participantId: participant.id, orgId: scope.app_id });
    expect(claims.exp - claims.iat).toBe(100 * 24 * 3600);

    const path = { ...scope, meeting_id: meeting };
    expect((await kit.meetings.getMeetingParticipant(participant.id, path)).data).toEqual(participant);
    expect((await kit.meetings.getMeetingParticipants(meeting, { ...scope, per_page: 1 })).data).toEqual([
      participant,
    ]);
    const edited = await kit.meetings.editParticipant(participant.id, {
      ...path,
      preset_name: 'group_call_participant',
    });
    expect(edited.data).toMatchObject({ name: 'Mary', preset_name: 'group_call_participant' });
    expect(edited.data?.token).toMatch(/^eyJ/);
    const refreshed = await kit.meetings.refreshParticipantToken(participant.id, path);
    expect(Object.keys(refreshed.data!)).toEqual(['token']);
    const deleted = await kit.meetings.deleteMeetingParticipant(participant.id, path);
    expect(deleted.data).toEqual({
      custom_participant_id: 'user-17',
      preset_id: expect.stringMatching(UUID),
      created_at: participant.created_at,
      updated_at: expect.stringMatching(ISO),
    });
    const gone = await failureOf(kit.meetings.getMeetingParticipant(participant.id, path));
    expect(gone).toBeInstanceOf(Cloudflare.NotFoundError);
  });

  test('presets (P01-P04, P16, P17)', async () => {
    const { kit, account, scope, backend } = stage;
    const [listed] = (await kit.presets.get(scope.app_id, { ...account, per_page: 1 })).data;
    const model = (await kit.presets.getPresetByID(listed!.id!, scope)).data;
    const { config, permissions, ui } = model;
    const content = { config, permissions: permissions!, ui };
    const created = (await kit.presets.create(scope.app_id, { ...account, ...content, name: 'teacher' }))
      .data;
    expect(created).toEqual({ ...RECORD, ...content, name: 'teacher' });

    const changed = await kit.presets.update(created.id, {
      ...scope,
      permissions: { polls: { can_vote: false } },
      config: { media: { video: { quality: 'fhd' } } },
    });
    expect(changed.data.permissions).toEqual({
      ...permissions,
      polls: { ...permissions!.polls, can_vote: false },
    });
    expect(changed.data.config.media.video).toEqual({ ...config.media.video, quality: 'fhd' });
    const replaced = await kit.presets.replacePresetByID(created.id, {
      ...scope,
      ...content,
      name: 'teacher',
    });
    expect(replaced.data).toEqual({ ...created, updated_at: expect.stringMatching(ISO) });

    const meeting = await backend.newMeeting();
    const participant = await backend.addParticipant(meeting, 'Ann', 'teacher');
    const inUse = await failureOf(kit.presets.delete(created.id, scope));
    expect(inUse).toBeInstanceOf(Cloudflare.ConflictError);
    await kit.meetings.deleteMeetingParticipant(participant.id, { ...scope, meeting_id: meeting });
    expect((await kit.presets.delete(created.id, scope)).data).toEqual(replaced.data);
  });

  test('webhooks (WB01, WB02, E17)', async () => {
    const { kit, account, scope } = stage;
    const hook = { name: 'end', url: 'https://example.com/hook', events: ['meeting.ended' as const] };
    const created = await kit.webhooks.createWebhook(scope.app_id, { ...account, ...hook });
    expect(created).toEqual({ success: true, data: { ...RECORD, ...hook, enabled: true } });
    const { id } = created.data;
    expect(await kit.webhooks.getWebhookByID(id, scope)).toEqual(created);
    expect((await kit.webhooks.getWebhooks(scope.app_id, account)).data).toEqual([created.data]);
    expect((await kit.webhooks.editWebhook(id, { ...scope, enabled: false })).data.enabled).toBe(false);
    const replaced = await kit.webhooks.replaceWebhook(id, { ...scope, ...hook, name: 'other' });
    expect(replaced.data).toMatchObject({ name: 'other', enabled: true });
    expect(await kit.webhooks.deleteWebhook(id, scope)).toEqual(replaced);
    expect((await kit.webhooks.getWebhooks(scope.app_id, account)).data).toEqual([]);
  });

  test('what is empty or absent on a new server (PA01, RE05, OQ16)', async () => {
    const { kit, account, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    const empty = { total_count: 0, start_offset: 0, end_offset: 0 };
    const recordings = await kit.recordings.getRecordings(scope.app_id, {
      ...account,
      status: ['UPLOADED', 'ERRORED'],
      expired: false,
    });
    expect(recordings).toEqual({ success: true, data: [], paging: empty });
    expect(await kit.livestreams.getAllLivestreams(scope.app_id, account)).toMatchObject({
      data: [],
      paging: empty,
    });
    expect(await kit.analytics.getOrgAnalytics(scope.app_id, account)).toMatchObject({
      data: { session_stats: { sessions_count: 0 }, recording_stats: { recording_count: 0 } },
    });
    const failures = await Promise.all(
      [
        kit.recordings.getActiveRecordings(meeting, scope),
        kit.recordings.getOneRecording(UNKNOWN, scope),
        kit.sessions.getSessionDetails(UNKNOWN, scope),
        kit.sessions.getSessionChat(UNKNOWN, scope),
        kit.sessions.getParticipantDataFromPeerID(UNKNOWN, scope),
        kit.activeSession.getActiveSession(meeting, scope),
      ].map(failureOf),
    );
    for (const failure of failures) expect(failure).toBeInstanceOf(Cloudflare.NotFoundError);
  });

  test('every refusal is the right class with code, message and errors (K23, RE02, E16, E18, E24)', async () => {
    const { kit, account, scope, parley } = stage;
    const withToken = (apiToken: string) =>
      new Cloudflare({ apiToken, baseURL: `${parley.httpUrl}/client/v4`, maxRetries: 0 }).realtimeKit;

    const missing = await failureOf(kit.meetings.getMeetingByID(UNKNOWN, scope));
    expect(missing).toBeInstanceOf(Cloudflare.NotFoundError);
    expect(missing.error).toMatchObject({
      success: false,
      error: { code: 404, message: `No meeting found with id ${UNKNOWN}` },
    });
    expect(missing.errors).toEqual([{ code: 404, message: `No meeting found with id ${UNKNOWN}` }]);

    const invalid = await failureOf(kit.webhooks.createWebhook(scope.app_id, { ...account } as never));
    expect(invalid).toBeInstanceOf(Cloudflare.BadRequestError);
    expect(invalid.errors[0]?.message).toBe('BAD_REQUEST: "name" is required');

    const stranger = await failureOf(withToken('nonsense').apps.get(account));
    expect(stranger).toBeInstanceOf(Cloudflare.AuthenticationError);
    expect(stranger.errors).toEqual([{ code: 10000, message: 'Authentication error' }]);

    const elsewhere = await failureOf(kit.apps.get({ account_id: 'f'.repeat(32) }));
    expect(elsewhere).toBeInstanceOf(Cloudflare.NotFoundError);
  });

  test('a conflict is not repeated by the client', async () => {
    const { kit, account, scope, parley } = stage;
    let requests = 0;
    const counting = new Cloudflare({
      apiToken: parley.apiToken,
      baseURL: `${parley.httpUrl}/client/v4`,
      fetch: (url, init) => {
        requests += 1;
        return fetch(url, init as RequestInit);
      },
    }).realtimeKit;
    const [listed] = (await kit.presets.get(scope.app_id, { ...account, per_page: 1 })).data;
    const { name, config, permissions, ui } = (await kit.presets.getPresetByID(listed!.id!, scope)).data;
    const refused = await failureOf(
      counting.presets.create(scope.app_id, { ...account, name, config, permissions: permissions!, ui }),
    );
    expect(refused).toBeInstanceOf(Cloudflare.ConflictError);
    expect(requests).toBe(1);
  });

  test('what was acknowledged is there for the next call, also from many callers at once', async () => {
    const { kit, account, scope } = stage;
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const { data } = await kit.meetings.create(scope.app_id, { ...account, title: `Meeting ${index}` });
        const read = await kit.meetings.getMeetingByID(data!.id, scope);
        expect(read.data?.title).toBe(`Meeting ${index}`);
      }),
    );
  });

  test('the older paths with Basic credentials are the same API (rest-api.md 0.1)', async () => {
    const { backend, parley } = stage;
    const meeting = await backend.newMeeting({ title: 'Old style' });
    const authorization = `Basic ${btoa(`${backend.appId}:${parley.apiToken}`)}`;
    const response = await fetch(`${parley.httpUrl}/v2/meetings/${meeting}`, { headers: { authorization } });
    expect(response.status).toBe(200);
    expect((await response.json()).data).toMatchObject({ id: meeting, title: 'Old style' });
  });

  test('browsers get no permission to call it, and the document describes it (RE08)', async () => {
    const { parley } = stage;
    for (const method of ['OPTIONS', 'GET']) {
      const response = await stage.call(method, '/meetings', {
        headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
      });
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
    const document = await (await fetch(`${parley.httpUrl}/openapi.json`)).json();
    expect(Object.keys(document.paths)).toContain(
      '/accounts/{account_id}/realtime/kit/{app_id}/meetings/{meeting_id}/active-session/kick-all',
    );
  });
});
