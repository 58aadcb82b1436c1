import pino from 'pino';
import { expect, it } from 'vitest';
import { readOnlySurface } from '../../../src/http/read-only.js';

const surface = readOnlySurface(pino({ level: 'silent' }));
surface.get('/there', (c) => c.text('fine'));

it('lets GET and HEAD through', async () => {
  expect((await surface.request('/there')).status).toBe(200);
  expect((await surface.request('/there', { method: 'HEAD' })).status).toBe(200);
});

it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s in the common form', async (method) => {
  const response = await surface.request('/there', { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD');
  const message = `${method} is not allowed here; use GET or HEAD`;
  expect(await response.json()).toEqual({
    success: false,
    error: { code: 405, message },
    errors: [{ code: 405, message }],
  });
});

it('says in the common form that a path is not there', async () => {
  const response = await surface.request('/nowhere');
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ success: false, error: { code: 404 } });
});
