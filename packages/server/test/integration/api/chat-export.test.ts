import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import pino from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fileRoutes } from '../../../src/files/file-routes.js';
import { loadFileLinks } from '../../../src/files/links.js';
import { renderClientError } from '../../../src/http/render-error.js';
import type { MeetingId, ParticipantId, PeerId, SessionId } from '../../../src/ids.js';
import { type RecordedSessions, recordSessions } from './recorded-sessions.js';
import { startApi, type TestApi } from './support.js';

const COLUMNS = [
  'id',
  'participantId',
  'sessionId',
  'meetingId',
  'displayName',
  'pinned',
  'isEdited',
  'payloadType',
  'payload',
  'createdAt',
];

let t: TestApi;
let recorded: RecordedSessions;
let files: Hono;
beforeAll(async () => {
  t = await startApi();
  recorded = await recordSessions(t);
  const { db } = t.database;
  files = new Hono();
  files.onError((error, c) => renderClientError(error, c, pino({ level: 'silent' })));
  const links = await loadFileLinks(db);
  files.route('/', fileRoutes({ db, clock: t.clock, links, chatFiles: {} as never }));
});
afterAll(() => t?.close());

async function say(seq: number, payloadType: number, payload: string, marks: object = {}): Promise<string> {
  const id = randomUUID();
  await t.database.db
    .insertInto('chat_messages')
    .values({
      id,
      meeting_id: recorded.standup as MeetingId,
      session_id: recorded.ended as SessionId,
      seq,
      peer_id: randomUUID() as PeerId,
      participant_id: randomUUID() as ParticipantId,
      display_name: 'Ann "the boss", really',
      payload_type: payloadType,
      payload,
      target_participant_ids: [],
      created_at: t.clock.now(),
      ...marks,
    })
    .execute();
  return id;
}

/** RFC 4180, for text in which every field is quoted but those of the first line. */
const parse = (csv: string) =>
  csv
    .split(/\r\n(?=")|\r\n$/)
    .slice(1, -1)
    .map((line) => [...line.matchAll(/"((?:[^"]|"")*)"/g)].map((field) => field[1]!.replaceAll('""', '"')));

it('the official client gets an address of the chat as CSV, which works for an hour (H17, H18)', async () => {
  const scope = { account_id: t.accountId, app_id: t.appId };
  const ask = () => t.client.realtimeKit.sessions.getSessionChat(recorded.ended, scope);
  await expect(ask()).rejects.toMatchObject({ status: 404 });

  const link = 'https://api.example.com/v2/files/1';
  const text = 'two\r\nlines, "quoted" and =SUM(A1)';
  const ids = [
    await say(2, 0, text, { pinned: true }),
    await say(3, 1, link, { edited: true }),
    await say(4, 2, JSON.stringify({ link, name: 'a', size: 1 })),
  ];
  await say(5, 0, 'deleted', { deleted_at: t.clock.now() });
  for (let seq = 10; seq < 1_500; seq++) await say(seq, 0, String(seq));

  const { data } = await ask();
  const url = new URL(data!.chat_download_url);
  expect(url.origin).toBe(t.origin);
  expect(new Date(data!.chat_download_url_expiry).getTime()).toBe(t.clock.now().getTime() + 3_600_000);

  const answer = await files.request(url.pathname + url.search);
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  const csv = await answer.text();
  expect(csv.split('\r\n', 1)[0]).toBe(COLUMNS.join(','));
  const rows = parse(csv);
  expect(rows).toHaveLength(3 + 1_490);
  expect(rows.slice(0, 3).map((row) => row[0])).toEqual(ids);
  expect(rows.slice(0, 3).map((row) => row.slice(4, 9))).toEqual([
    ['Ann "the boss", really', 'true', 'false', 'TEXT_MESSAGE', text],
    ['Ann "the boss", really', 'false', 'true', 'IMAGE_MESSAGE', link],
    ['Ann "the boss", really', 'false', 'false', 'FILE_MESSAGE', link],
  ]);
  expect(rows.every((row) => row.length === COLUMNS.length)).toBe(true);
  expect(rows.map((row) => row[8]).slice(3)).toEqual(Array.from({ length: 1_490 }, (_, n) => String(n + 10)));

  t.clock.advance(3_600_000);
  expect((await files.request(url.pathname + url.search)).status).toBe(403);
  expect((await ask()).data!.chat_download_url).not.toBe(url.href);
});

it('has room for sixteen readers at once, however slow they are', async () => {
  const scope = { account_id: t.accountId, app_id: t.appId };
  const { data } = await t.client.realtimeKit.sessions.getSessionChat(recorded.ended, scope);
  const { pathname, search } = new URL(data!.chat_download_url);
  const ask = () => files.request(pathname + search);
  const readers = await Promise.all(Array.from({ length: 16 }, ask));
  const oneTooMany = await ask();
  expect([oneTooMany.status, oneTooMany.headers.get('retry-after')]).toEqual([429, '1']);
  await readers[0]!.body!.cancel();
  await expect.poll(async () => (await (await ask()).text()).length).toBeGreaterThan(1_000);
  await Promise.all(readers.slice(1).map((reader) => reader.text()));
});

it('a session of another app is not found', async () => {
  const other = await t.addAccount();
  const path = `/client/v4/accounts/${other.accountId}/realtime/kit/${other.appId}/sessions/${recorded.ended}/chat`;
  const answer = await fetch(t.origin + path, { headers: { authorization: `Bearer ${other.token}` } });
  expect(answer.status).toBe(404);
});
