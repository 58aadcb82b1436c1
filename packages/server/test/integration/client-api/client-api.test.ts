import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LiveServer, startLiveServer } from '../../support/live-server.js';

const SDK_HEADERS = ['authorization', 'traceparent', 'tracing-id', 'x-realtimekit-version', 'content-type'];

let server: LiveServer;
let meeting: string;
beforeAll(async () => {
  server = await startLiveServer({
    PARLEY_TURN_URLS: 'turn:turn.example.com:3478',
    PARLEY_TURN_SECRET: 'secret',
  });
  meeting = await server.newMeeting();
});
afterAll(() => server?.close());

const get = (path: string, headers: Record<string, string> = {}) => fetch(server.httpUrl + path, { headers });
const details = async (token: string) => {
  const response = await get('/v2/internals/participant-details', { authorization: `Bearer ${token}` });
  return { status: response.status, body: await response.json() };
};

describe('participant-details', () => {
  it('has what the SDK reads, and nothing that would make it fail (S22, protocol.md 2.4)', async () => {
    const { id, token } = await server.addParticipant(meeting, {
      name: 'Mary',
      picture: 'https://example.com/mary.png',
      preset_name: 'group_call_host',
    });
    const { status, body } = await details(token);
    expect(status).toBe(200);
    expect(body.success).toBe(true);
    const { participant, preset, meeting: room, socket } = body.data;
    expect(participant).toEqual({
      id,
      name: 'Mary',
      picture: 'https://example.com/mary.png',
      custom_participant_id: 'custom',
      organization_id: server.appId,
    });
    expect(room).toEqual({ title: 'Test' });
    expect(socket.base_uri).toMatch(/^localhost:\d+$/);
    expect(preset.name).toBe('group_call_host');
    expect(preset.config.view_type).toBe('GROUP_CALL');
    expect(preset.config.max_video_streams).toEqual({
      desktop: expect.any(Number),
      mobile: expect.any(Number),
    });
    expect(Object.keys(preset.permissions.media)).toEqual(['audio', 'video', 'screenshare']);
    expect(preset.permissions.plugins).toEqual(expect.any(Object));
    expect(preset.ui.design_tokens.colors.brand['500']).toMatch(/^#/);
    expect(preset.ui.design_tokens.colors.background['1000']).toMatch(/^#/);
  });

  it('leaves a picture out rather than null, and always has a name (protocol.md 2.4)', async () => {
    const { token } = await server.addParticipant(meeting, { name: null, picture: null });
    const { participant } = (await details(token)).body.data;
    expect(participant.name).toBe('');
    expect(participant).not.toHaveProperty('picture');
  });
});

describe('the client API', () => {
  it('lets any page call it with the headers of the SDK (Q31, protocol.md 2.3)', async () => {
    for (const path of ['/v2/internals/participant-details', '/iceservers']) {
      const preflight = await fetch(server.httpUrl + path, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example.com',
          'access-control-request-method': 'GET',
          'access-control-request-headers': SDK_HEADERS.join(','),
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-methods')).toContain('GET');
      const allowed = preflight.headers.get('access-control-allow-headers')!.toLowerCase().split(',');
      expect(allowed).toEqual(expect.arrayContaining(SDK_HEADERS));
      const refused = await get(path, { origin: 'https://app.example.com' });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('answers the ICE servers without a wrapper, with credentials that end (S23, M18)', async () => {
    const { id, token } = await server.addParticipant(meeting);
    const response = await get('/iceservers', { authorization: `Bearer ${token}` });
    const { success, iceServers } = await response.json();
    expect(success).toBe(true);
    expect(iceServers).toEqual([
      {
        urls: ['turn:turn.example.com:3478'],
        username: expect.stringMatching(new RegExp(`^\\d+:${id}$`)),
        credential: expect.any(String),
      },
    ]);
    expect(Number(iceServers[0].username.split(':')[0])).toBeGreaterThan(Date.now() / 1000);
  });

  it('takes the same token once more for every call, and no other scheme (SE06)', async () => {
    const { token } = await server.addParticipant(meeting);
    expect((await details(token)).status).toBe(200);
    expect((await details(token)).status).toBe(200);
    for (const authorization of [token, 'Bearer', `Bearer ${token} ${token}`, `Token ${token}`]) {
      const response = await get('/v2/internals/participant-details', { authorization });
      expect(response.status).toBe(401);
    }
  });

  it('answers 404 to what there is not, in a form that the SDK reads', async () => {
    const { token } = await server.addParticipant(meeting);
    const headers = { authorization: `Bearer ${token}` };
    for (const path of [
      `/v2/meetings/${meeting}/active-livestream`,
      `/v2/meetings/${meeting}/active-transcript`,
      `/v2/recordings/active-recording/${meeting}`,
    ]) {
      const response = await get(path, headers);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ success: false, error: { code: 404 } });
    }
  });

  it('lists no plugins for SDKs of the 1.x line, which do not start without a list (L17)', async () => {
    const { token } = await server.addParticipant(meeting);
    const response = await get('/v2/plugins/user', { authorization: `Bearer ${token}` });
    expect(await response.json()).toEqual({ success: true, data: { plugins: [] } });
  });
});
