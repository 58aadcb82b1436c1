import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { settingsWith } from '../../../src/config/load.js';
import { ChatFiles, isAllowed } from '../../../src/files/chat-files.js';
import { FileDisk } from '../../../src/files/disk.js';
import { disposition, fileRoutes, rangeOf } from '../../../src/files/file-routes.js';
import { type FileLinks, loadFileLinks, originOf } from '../../../src/files/links.js';
import { renderClientError } from '../../../src/http/render-error.js';
import type { MeetingId, ParticipantId } from '../../../src/ids.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';
import { insertApp, insertMeeting } from '../../support/rows.js';

const MAX_BYTES = 64 * 1024;
const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

let database: TestDatabase;
let folder: string;
let links: FileLinks;
let chatFiles: ChatFiles;
let server: ServerType;
let origin: string;
let now: number;
const meetingId = randomUUID() as MeetingId;
const clock = { now: () => new Date(now) };
const settings = {
  ...settingsWith({}),
  chatFileMaxBytes: MAX_BYTES,
  chatFilesMaxTotalBytes: 100 * MAX_BYTES,
};

beforeAll(async () => {
  now = Date.parse('2026-07-01T10:00:00.000Z');
  database = await startDatabase();
  const { db } = database;
  const at = clock.now();
  await insertMeeting(db, await insertApp(db, at), at, { id: meetingId });
  folder = await mkdtemp(join(tmpdir(), 'parley-files-'));
  links = await loadFileLinks(db);
  chatFiles = new ChatFiles({ db, clock, links, disk: await FileDisk.open(folder), settings });
  const app = new Hono();
  app.onError((error, c) => renderClientError(error, c, pino({ level: 'silent' })));
  app.route('/', fileRoutes({ db, clock, links, chatFiles }));
  server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server?.close();
  await database?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await database.db.deleteFrom('chat_files').execute();
  for (const name of await readdir(folder)) await rm(join(folder, name));
});

const prepare = (changes: Partial<Parameters<ChatFiles['prepare']>[0]> = {}) =>
  chatFiles.prepare({
    meetingId,
    participantId: randomUUID() as ParticipantId,
    persistChat: false,
    filename: 'photo.png',
    expirySeconds: undefined,
    origin,
    ...changes,
  });

const put = (url: string, body: string | Uint8Array<ArrayBuffer>, type = 'image/png') =>
  fetch(url, { method: 'PUT', body, headers: { 'content-type': type } });

describe('a file sent in chat (H13)', () => {
  it('comes back byte by byte, whole and in ranges', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const { put: upload, get } = await prepare();
    expect((await put(upload.url, bytes)).status).toBe(200);

    const whole = await fetch(get.url);
    expect(whole.status).toBe(200);
    expect(new Uint8Array(await whole.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': '50000',
      'content-disposition': `inline; filename="photo.png"; filename*=UTF-8''photo.png`,
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    });
    const part = await fetch(get.url, { headers: { range: 'bytes=100-199' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 100-199/50000');
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(100, 200));
    expect((await fetch(get.url, { headers: { range: 'bytes=50000-' } })).status).toBe(416);
    const head = await fetch(get.url, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    ['image/svg+xml', 200],
    ['application/pdf', 200],
    ['text/html', 415],
  ])('of the type %s is never shown as a page', async (type, status) => {
    const { put: upload, get } = await prepare({ filename: 'x' });
    expect((await put(upload.url, '<script>', type)).status).toBe(status);
    if (status !== 200) {
      expect((await fetch(get.url)).status).toBe(404);
      return;
    }
    const { headers } = await fetch(get.url);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toMatch(/^attachment;/);
    expect(headers.get('content-security-policy')).toContain('sandbox');
  });

  it('lies where no other account of the machine can enter', async () => {
    await chmod(folder, 0o755);
    await FileDisk.open(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('may be empty', async () => {
    const { put: upload, get } = await prepare();
    expect((await put(upload.url, '')).status).toBe(200);
    const answer = await fetch(get.url);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('is taken once for each link', async () => {
    const { put: upload, get } = await prepare();
    const answers = await Promise.all([put(upload.url, 'one'), put(upload.url, 'one')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await put(upload.url, 'two')).status).toBe(409);
    expect(await (await fetch(get.url)).text()).toBe('one');
  });

  it('that is too large leaves nothing behind, whether it says so or not; the link may be used again', async () => {
    const { put: upload, get } = await prepare();
    expect((await put(upload.url, new Uint8Array(MAX_BYTES + 1))).status).toBe(413);
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new Uint8Array(16 * 1024));
        if (++sent > 20) controller.close();
      },
    });
    const headers = { 'content-type': 'image/png' };
    const options = { method: 'PUT', body: endless, duplex: 'half', headers } as RequestInit;
    expect((await fetch(upload.url, options)).status).toBe(413);
    expect((await fetch(get.url)).status).toBe(404);
    expect(await readdir(folder)).toEqual([]);
    expect((await put(upload.url, new Uint8Array(MAX_BYTES))).status).toBe(200);
  });

  it('whose sender hangs up leaves nothing behind', async () => {
    const { put: upload, get } = await prepare();
    const { port, pathname, search } = new URL(upload.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `PUT ${pathname}${search} HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ncontent-length: 5000\r\n\r\nhalf`,
    );
    await expect.poll(() => readdir(folder)).toHaveLength(1);
    socket.destroy();
    await expect.poll(() => readdir(folder)).toEqual([]);
    await expect.poll(async () => (await put(upload.url, 'whole')).status).toBe(200);
    expect(await (await fetch(get.url)).text()).toBe('whole');
  });

  it('is refused with 503 when all files together have no room', async () => {
    for (let count = 0; count < 100; count++) await prepare();
    await expect(prepare()).rejects.toMatchObject({ status: 503, reason: 'disk_full' });
  });

  it('is refused with 429 when one participant sends too many', async () => {
    const participantId = randomUUID() as ParticipantId;
    for (let count = 0; count < 80; count++) await prepare({ participantId });
    await expect(prepare({ participantId })).rejects.toMatchObject({ status: 429 });
    now += 2 * MINUTE_MS;
    await expect(prepare({ participantId })).resolves.toBeDefined();
  });
});

describe('a link', () => {
  it('opens nothing when it was changed, used for another purpose, or is over', async () => {
    const { put: upload, get } = await prepare({ expirySeconds: 3600 });
    await put(upload.url, 'text', 'text/plain');
    const later = get.url.replace(/expires=(\d+)/, (_, expires) => `expires=${Number(expires) + 1}`);
    const others = [later, get.url.slice(0, -1), upload.url.replace('/upload/', '/chat-file/')];
    for (const url of others) expect((await fetch(url)).status).toBe(403);
    expect((await put(get.url.replace('/chat-file/', '/upload/'), 'x')).status).toBe(403);
    expect((await fetch(get.url)).status).toBe(200);
    now += 3600_000;
    expect((await fetch(get.url)).status).toBe(403);
  });

  it('for an upload ends after minutes', async () => {
    const { put: upload } = await prepare();
    now += 6 * MINUTE_MS;
    expect((await put(upload.url, 'late')).status).toBe(403);
  });

  it('points to where it was asked for', () => {
    const base = 'localhost:8443';
    expect(originOf('http://localhost:8080/v2/x', undefined, base)).toBe('http://localhost:8080');
    expect(originOf('https://api.localhost:8443/v2/x', undefined, base)).toBe('https://api.localhost:8443');
    expect(originOf('http://api.localhost:8443/v2/x', undefined, base)).toBe('https://api.localhost:8443');
    expect(originOf('http://meet.example.com/v2/x', 'https', base)).toBe('https://meet.example.com');
  });
});

describe('the clean-up (D02)', () => {
  it('removes files after their days and unfinished uploads after minutes, and keeps what is kept', async () => {
    const old = await prepare();
    const kept = await prepare({ persistChat: true });
    const unfinished = await prepare();
    await put(old.put.url, 'old');
    await put(kept.put.url, 'kept');
    const id = /upload\/([^?]+)/.exec(unfinished.put.url)![1]!;
    await writeFile(join(folder, `${id}.part`), 'half');

    now += 11 * MINUTE_MS;
    expect(await chatFiles.clear()).toBe(1);
    expect(await readdir(folder)).toHaveLength(2);
    now += 7 * DAY_MS;
    expect((await fetch(old.get.url)).status).toBe(403);
    expect(await chatFiles.clear()).toBe(1);
    expect(await readdir(folder)).toHaveLength(1);
    expect(await (await fetch(kept.get.url)).text()).toBe('kept');
  });
});

describe('headers', () => {
  it.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=5-', { first: 5, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-30', { first: 0, last: 9 }],
    ['bytes=5-100', { first: 5, last: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=-', null],
    ['bytes=0-1,3-4', null],
    ['lines=0-1', null],
  ])('range %s', (header, expected) => {
    expect(rangeOf(header, 10)).toEqual(expected);
  });

  it('name files so that no name breaks out', () => {
    expect(disposition('attachment', 'a"\r\nb: "ü.png')).toBe(
      `attachment; filename="a___b: __.png"; filename*=UTF-8''a%22%0D%0Ab%3A%20%22%C3%BC.png`,
    );
  });

  it('of a type are compared without case and parameters', () => {
    expect(isAllowed('Image/PNG; a=b', ['image/*'])).toBe(true);
    expect(isAllowed('text/html', ['text/plain', 'image/*'])).toBe(false);
  });
});
