import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pages } from '../../../src/pages/index.js';
import type { Services } from '../../../src/services.js';

/** The pages below never get as far as the database or the token signer. */
const services = {
  settings: { host: '0.0.0.0', baseDomain: 'localhost:8443' },
  log: pino({ level: 'silent' }),
} as Services;

describe('the pages of the server', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'parley-pages-'));
    mkdirSync(join(dir, 'assets'));
    writeFileSync(join(dir, 'meet.html'), '<!doctype html><title>Meeting</title>');
    writeFileSync(join(dir, 'record.html'), '<!doctype html><title>Recording</title>');
    writeFileSync(join(dir, 'assets', 'meet-aB4hwa8_.js'), 'export const answer = 42;');
    writeFileSync(join(dir, 'assets', 'notes.txt'), 'not a file of the page');
    writeFileSync(join(dir, 'secret.js'), 'outside of assets');
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('serves the meeting page with its policy, to be asked for anew each time', async () => {
    const response = await pages(services, dir).request('/meet?authToken=x', {
      headers: { host: 'a.example' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('content-security-policy')).toContain('https://*.a.example');
    expect(await response.text()).toContain('<title>Meeting</title>');
  });

  it('answers 304 to a browser that has the page', async () => {
    const routes = pages(services, dir);
    const etag = (await routes.request('/meet')).headers.get('etag')!;
    const response = await routes.request('/meet', { headers: { 'if-none-match': etag } });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
  });

  it('lets browsers keep hashed files for ever', async () => {
    const response = await pages(services, dir).request('/assets/meet-aB4hwa8_.js');
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await response.text()).toBe('export const answer = 42;');
  });

  it('compresses for browsers that understand it', async () => {
    const response = await pages(services, dir).request('/assets/meet-aB4hwa8_.js', {
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe(
      'export const answer = 42;',
    );
  });

  it.each(['/assets/notes.txt', '/assets/..%2Fsecret.js', '/assets/%2e%2e%2fsecret.js', '/assets/none.js'])(
    'knows no other file: %s',
    async (path) => {
      expect((await pages(services, dir).request(path)).status).toBe(404);
    },
  );

  it('says how to build the page when it is not built', async () => {
    const response = await pages(services, join(dir, 'none')).request('/meet');
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm run build -w @parley/web');
  });

  it('has no demo link when it listens beyond this machine', async () => {
    const routes = pages(services, dir);
    routes.onError((error, context) => context.text(error.message, 404));
    const response = await routes.request('/meet/0199c9a5-0000-7000-8000-000000000001/demo', {
      headers: { host: 'localhost:8080' },
    });
    expect(await response.text()).toContain('No meeting found');
  });

  it('has no demo link under a name that is not local', async () => {
    const local = { settings: { ...services.settings, host: '127.0.0.1' } } as Services;
    const routes = pages(local, dir);
    routes.onError((error, context) => context.text(error.message, 404));
    const response = await routes.request('/meet/0199c9a5-0000-7000-8000-000000000001/demo', {
      headers: { host: 'rebound.example' },
    });
    expect(await response.text()).toContain('No meeting found');
  });
});
