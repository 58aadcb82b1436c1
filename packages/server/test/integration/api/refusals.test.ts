import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_BODY_BYTES, startApi, type TestApi } from './support.js';

let t: TestApi;
let kit: string;
beforeAll(async () => {
  t = await startApi();
  kit = `/accounts/${t.accountId}/realtime/kit`;
});
afterAll(() => t?.close());

const send = async (path: string, authorization: string | null, init: RequestInit = {}) => {
  const headers = { ...(authorization !== null && { authorization }), ...init.headers };
  const response = await fetch(t.origin + path, { ...init, headers });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
};
const bearer = () => `Bearer ${t.token}`;

describe('bodies', () => {
  const post = (
    body: string | ReadableStream,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) =>
    send(`${kit}/${t.appId}/meetings`, bearer(), {
      method: 'POST',
      headers,
      body,
      duplex: 'half',
    } as RequestInit);

  const TOO_LARGE = `BAD_REQUEST: "body" must not be larger than ${MAX_BODY_BYTES} bytes`;

  it('are refused above the limit, which is named', async () => {
    const answer = await post(JSON.stringify({ title: 'x'.repeat(MAX_BODY_BYTES) }));
    expect(answer.status).toBe(413);
    expect(answer.body.error.message).toBe(TOO_LARGE);
    expect(answer.body.errors[0].source).toEqual({ pointer: 'body' });
  });

  it('are cut off at the limit when they come without a length', async () => {
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sent += 1;
        if (sent > 1000) controller.close();
        else controller.enqueue(new TextEncoder().encode(' '.repeat(16_384)));
      },
    });
    const answer = await post(endless).catch(() => undefined);
    // The connection may be gone before the whole body is.
    if (answer) expect(answer.body.error.message).toBe(TOO_LARGE);
    expect(sent).toBeLessThan(1000);
    expect((await post('{}')).status).toBe(201);
  });

  it('are read also when they come without a length', async () => {
    const inChunks = (...texts: string[]) =>
      new ReadableStream({
        start: (controller) => {
          for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
          controller.close();
        },
      });
    const answer = await post(inChunks('{"title":', '"In chu', 'nks"}'));
    expect(answer.status).toBe(201);
    expect(answer.body.data.title).toBe('In chunks');
    expect((await post(inChunks())).status).toBe(400);
  });

  it.each([
    ['{"title":', '"body" must be valid JSON'],
    ['', '"body" must be valid JSON'],
    ['null', '"body" must be of type object'],
    ['[]', '"body" must be of type object'],
    ['"x"', '"body" must be of type object'],
    ['{"title":"a\\u0000b"}', '"title" must not contain NUL characters or lone surrogates'],
    ['{"title":"\\ud800"}', '"title" must not contain NUL characters or lone surrogates'],
    ['{"ai_config":{"\\u0000":1}}', '"ai_config" must not contain NUL characters or lone surrogates'],
    ['{"__proto__":{"title":"x"}}', '"__proto__" is not allowed'],
    [
      `{"ai_config":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      '"body" must not be nested deeper than 32 levels',
    ],
    ['{"session_keep_alive_time_in_secs":1e400}', '"session_keep_alive_time_in_secs" must be a number'],
  ])('%.60s is refused (K10)', async (body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toBe(`BAD_REQUEST: ${message}`);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'of type %s are refused',
    async (type) => {
      const answer = await post('title=x', { 'content-type': type });
      expect(answer.status).toBe(415);
      expect(answer.body.error.message).toBe('BAD_REQUEST: "content-type" must be application/json');
    },
  );

  it('may be left out where no field is required', async () => {
    const answer = await send(`${kit}/${t.appId}/meetings`, bearer(), { method: 'POST' });
    expect(answer.status).toBe(201);
  });
});

describe('unknown routes and methods', () => {
  it.each([
    ['GET', '/nothing'],
    ['GET', '/meetings/x/y/z'],
    ['POST', ''],
  ])('%s %s is answered with 404 in the error form', async (method, path) => {
    const { status, body } = await t.call(method, path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ success: false, error: { code: 404 }, errors: [{ code: 404 }] });
  });

  it('a method that a path does not have is answered with those it has', async () => {
    const { status, headers, body } = await t.call('DELETE', '/meetings');
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, POST');
    expect(body.error).toEqual({ code: 405, message: 'DELETE is not allowed here; use GET or POST' });
  });

  it('browsers of other origins get no permission (RE08)', async () => {
    for (const authorization of [null, bearer()]) {
      for (const method of ['OPTIONS', 'GET']) {
        const response = await fetch(`${t.origin}${kit}/${t.appId}/meetings`, {
          method,
          headers: {
            origin: 'https://evil.example',
            'access-control-request-method': 'GET',
            ...(authorization && { authorization }),
          },
        });
        expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      }
    }
  });
});

describe('failures', () => {
  it('of a kind that nobody expected carry an id and no details', async () => {
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    t.sessions.kickAll.mockRejectedValueOnce(new TypeError('secret detail'));
    const answer = await t.call('POST', `/meetings/${meeting}/active-session/kick-all`);
    expect(answer.status).toBe(500);
    expect(answer.body.error.message).toMatch(/^Internal error \(failure [0-9a-f-]{36}\)$/);
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  it('of the database are 503 and may be tried again', async () => {
    vi.spyOn(t.database.db, 'selectFrom').mockImplementationOnce(() => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    });
    const answer = await t.call('GET', '/meetings');
    vi.restoreAllMocks();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('x-should-retry')).toBeNull();
  });
});

describe('what this server cannot do yet', () => {
  it('is empty when listed and refused when started, after judging the request', async () => {
    const meeting = (await t.call('POST', '/meetings', {})).body.data.id;
    const unknown = '813432c7-3c5a-45e2-9acf-eef7061c7584';
    const EMPTY = { success: true, data: [], paging: { total_count: 0, start_offset: 0, end_offset: 0 } };
    const many = 'status=UPLOADED&status=ERRORED&expired=false&sort_by=invokedTime';
    for (const path of [
      '/recordings',
      `/recordings?${many}`,
      '/recordings?status=UPLOADED,PAUSED',
      '/livestreams',
    ]) {
      expect((await t.call('GET', path)).body).toEqual(EMPTY);
    }
    expect((await t.call('GET', '/livestreams?sort_order=DSC&exclude_meetings=true')).body).toEqual(EMPTY);
    const answer = await t.call('POST', '/livestreams', { name: 'x' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(answer.body.error).toMatchObject({
      reason: 'not_available',
      message: expect.stringContaining('PARLEY_RTMPS_PORT'),
    });
    for (const [method, path, body, status] of [
      ['GET', '/recordings?status=LOST', undefined, 400],
      ['GET', `/recordings/${unknown}`, undefined, 404],
      ['PUT', `/recordings/${unknown}`, { action: 'stop' }, 404],
      ['PUT', `/recordings/${unknown}`, { action: 'end' }, 400],
      ['GET', `/recordings/active-recording/${meeting}`, undefined, 404],
      ['POST', '/recordings', { meeting_id: unknown }, 404],
      ['POST', '/recordings/track', { meeting_id: meeting, layers: { default: {} } }, 404],
      ['POST', '/recordings', { meeting_id: 'x' }, 400],
      ['POST', '/recordings', { meeting_id: meeting, max_seconds: 1 }, 400],
      ['POST', '/recordings', { meeting_id: meeting, video_config: { codec: 'H264' } }, 404],
      ['POST', `/meetings/${meeting}/livestreams`, {}, 404],
      ['POST', `/meetings/${meeting}/livestreams`, { name: 'a b' }, 400],
      ['GET', '/livestreams?sort_order=UP', undefined, 400],
      ['GET', '/livestreams?status=GONE', undefined, 400],
      ['GET', `/sessions/${unknown}/livestream-sessions`, undefined, 404],
      ['GET', `/livestreams/${unknown}`, undefined, 404],
      ['GET', `/livestreams/${unknown}/active-livestream-session`, undefined, 404],
      ['GET', `/livestreams/sessions/${unknown}`, undefined, 404],
      ['PUT', `/livestreams/${unknown}/disable`, undefined, 404],
      ['PUT', `/livestreams/${unknown}/enable`, undefined, 404],
      ['POST', `/livestreams/${unknown}/reset-stream-key`, undefined, 404],
      ['GET', `/meetings/${meeting}/active-livestream`, undefined, 404],
      ['POST', `/meetings/${meeting}/active-livestream/stop`, undefined, 404],
      ['GET', `/meetings/${meeting}/livestream`, undefined, 404],
    ] as const) {
      expect((await t.call(method, path, body)).status, `${method} ${path}`).toBe(status);
    }
  });
});
