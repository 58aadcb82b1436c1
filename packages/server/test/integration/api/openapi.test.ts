import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.js';

let t: TestApi;
interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
type PathItem = Record<string, Operation> & { parameters?: { name: string }[] };
let document: { openapi: string; paths: Record<string, PathItem>; components: { schemas: object } };

beforeAll(async () => {
  t = await startApi();
  document = (await (await fetch(`${t.origin}/openapi.json`)).json()) as typeof document;
});
afterAll(() => t?.close());

/** Routes of the official client and of the older specifications (rest-api.md, appendix A), without the app. */
const REFERENCE = `
  GET /apps · POST /apps
  GET /{app}/meetings · POST /{app}/meetings
  GET /{app}/meetings/{x} · PUT /{app}/meetings/{x} · PATCH /{app}/meetings/{x}
  GET /{app}/meetings/{x}/participants · POST /{app}/meetings/{x}/participants
  GET /{app}/meetings/{x}/participants/{x} · PATCH /{app}/meetings/{x}/participants/{x}
  DELETE /{app}/meetings/{x}/participants/{x} · POST /{app}/meetings/{x}/participants/{x}/token
  GET /{app}/presets · POST /{app}/presets
  GET /{app}/presets/{x} · PATCH /{app}/presets/{x} · PUT /{app}/presets/{x} · DELETE /{app}/presets/{x}
  GET /{app}/meetings/{x}/active-session · POST /{app}/meetings/{x}/active-session/kick
  POST /{app}/meetings/{x}/active-session/kick-all · POST /{app}/meetings/{x}/active-session/poll
  POST /{app}/meetings/{x}/active-session/mute · POST /{app}/meetings/{x}/active-session/mute-all
  GET /{app}/sessions · GET /{app}/sessions/{x} · GET /{app}/sessions/{x}/participants
  GET /{app}/sessions/{x}/participants/{x} · GET /{app}/sessions/peer-report/{x}
  GET /{app}/sessions/{x}/chat · GET /{app}/sessions/{x}/transcript
  GET /{app}/sessions/{x}/summary · POST /{app}/sessions/{x}/summary
  GET /{app}/recordings · POST /{app}/recordings · GET /{app}/recordings/{x} · PUT /{app}/recordings/{x}
  GET /{app}/recordings/active-recording/{x} · POST /{app}/recordings/track
  GET /{app}/livestreams · POST /{app}/livestreams · GET /{app}/livestreams/{x}
  GET /{app}/livestreams/{x}/active-livestream-session · GET /{app}/livestreams/sessions/{x}
  POST /{app}/meetings/{x}/livestreams · GET /{app}/meetings/{x}/active-livestream
  POST /{app}/meetings/{x}/active-livestream/stop · GET /{app}/meetings/{x}/livestream
  PUT /{app}/livestreams/{x}/enable · PUT /{app}/livestreams/{x}/disable
  POST /{app}/livestreams/{x}/reset-stream-key
  GET /{app}/sessions/{x}/livestream-sessions
  GET /{app}/analytics/daywise · GET /{app}/analytics/livestreams/overall
  GET /{app}/analytics/livestreams/daywise
  GET /{app}/webhooks · POST /{app}/webhooks · GET /{app}/webhooks/all
  GET /{app}/webhooks/{x} · PUT /{app}/webhooks/{x} · PATCH /{app}/webhooks/{x} · DELETE /{app}/webhooks/{x}
`
  .split(/·|\n/)
  .map((route) => route.trim())
  .filter(Boolean);

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method]! })),
  );

/** `GET /{app}/meetings/{x}` of a documented path. */
const shortened = (method: string, path: string) =>
  `${method.toUpperCase()} ${path
    .replace('/accounts/{account_id}/realtime/kit', '')
    .replace('{app_id}', '{app}')
    .replaceAll(/\{(?!app\})\w+\}/g, '{x}')}`;

describe('GET /openapi.json', () => {
  it('needs no credentials and is of version 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
  });

  it('has every route of the reference (RE05)', () => {
    const served = operations().map(({ method, path }) => shortened(method, path));
    expect(REFERENCE.filter((route) => !served.includes(route))).toEqual([]);
    const additions = served.filter((route) => !REFERENCE.includes(route));
    expect(additions).toEqual([
      'GET /{app}/meetings/{x}/blocks',
      'POST /{app}/meetings/{x}/blocks',
      'GET /{app}/blocks',
      'POST /{app}/blocks',
      'GET /{app}/meetings/{x}/blocks/{x}',
      'DELETE /{app}/meetings/{x}/blocks/{x}',
      'GET /{app}/blocks/{x}',
      'DELETE /{app}/blocks/{x}',
      'POST /{app}/meetings/{x}/active-session/transcript',
      'GET /{app}/recording-config',
      'PUT /{app}/recording-config',
      'GET /{app}/webhooks/{x}/deliveries',
      'GET /{app}/webhooks/{x}/deliveries/{x}',
      'POST /{app}/webhooks/{x}/deliveries/{x}/redeliver',
    ]);
  });

  it('names every parameter of a path, a body where one is read, and the form of refusals', () => {
    for (const { path, method, operation } of operations()) {
      const named = [...(document.paths[path]!.parameters ?? []), ...(operation.parameters ?? [])];
      const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(
        named.map(({ name }) => name),
        `${method} ${path}`,
      ).toEqual(expect.arrayContaining(wanted));
      expect(operation.responses.default?.content?.['application/json']?.schema).toEqual({
        $ref: '#/components/schemas/Error',
      });
    }
  });

  it('lists only routes that are there: none answers that it is unknown', async () => {
    const id = '813432c7-3c5a-45e2-9acf-eef7061c7584';
    for (const { path, method } of operations()) {
      const url = path
        .replace('{account_id}', t.accountId)
        .replace('{app_id}', t.appId)
        .replaceAll(/\{\w+\}/g, id);
      const response = await fetch(t.origin + url, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${t.token}` },
      });
      const body = (await response.json()) as { error?: { message: string } };
      expect(body.error?.message ?? '', `${method} ${url}`).not.toMatch(/^No such route|is not allowed here/);
      expect(response.status, `${method} ${url}`).not.toBe(500);
    }
  });
});
