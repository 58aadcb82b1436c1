import { randomUUID } from 'node:crypto';
import type { chat } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeetingId, PeerId, SessionId } from '../../../src/ids.js';
import { type ChatScope, earlierMessages, pageOfMessages } from '../../../src/sessions/chat-pages.js';
import { startDatabase, type TestDatabase } from '../../support/database.js';
import { insertApp, insertMeeting } from '../../support/rows.js';

const MESSAGES = 10_000;
const START = Date.parse('2026-07-01T10:00:00.000Z');
const PAGE = 25;

let database: TestDatabase;
const meetingId = randomUUID() as MeetingId;
const [earlier, present] = [randomUUID() as SessionId, randomUUID() as SessionId];
const [ann, bob] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  database = await startDatabase();
  const { db } = database;
  const at = new Date(START);
  const appId = await insertApp(db, at);
  await insertMeeting(db, appId, at, { id: meetingId, persist_chat: true });
  for (const [id, status] of [
    [earlier, 'ENDED'],
    [present, 'LIVE'],
  ] as const) {
    await db
      .insertInto('sessions')
      .values({
        id,
        app_id: appId,
        meeting_id: meetingId,
        title: '',
        status,
        end_reason: null,
        live_participants: 0,
        max_concurrent_participants: 0,
        minutes_consumed: 0,
        keep_alive_secs: 60,
        last_seq: 0,
        started_at: at,
        created_at: at,
        updated_at: at,
      })
      .execute();
  }
  await write(earlier, -2, 'before, to all');
  await write(earlier, -1, 'before, in private', { to: [ann, bob] });
  // Bursts of up to seven messages in one millisecond, and neighbours one millisecond apart.
  const rows = Array.from({ length: MESSAGES }, (_, index) =>
    row(present, Math.floor(index / 7), String(index), { seq: index }),
  );
  for (let from = 0; from < rows.length; from += 1000) {
    await db
      .insertInto('chat_messages')
      .values(rows.slice(from, from + 1000))
      .execute();
  }
});
afterAll(() => database?.close());

const row = (
  sessionId: SessionId,
  ms: number,
  payload: string,
  options: { seq?: number; to?: string[] } = {},
) => ({
  id: randomUUID(),
  meeting_id: meetingId,
  session_id: sessionId,
  seq: options.seq ?? 0,
  peer_id: randomUUID() as PeerId,
  participant_id: ann as never,
  display_name: 'Ann',
  payload_type: 0,
  payload,
  target_participant_ids: options.to ?? [],
  created_at: new Date(START + ms),
});

const write = async (...args: Parameters<typeof row>) =>
  database.db
    .insertInto('chat_messages')
    .values(row(...args))
    .execute();

const scope = (changes: Partial<ChatScope> = {}): ChatScope => ({
  meetingId,
  sessionId: present,
  participantId: ann,
  persistChat: false,
  ...changes,
});

const query = (
  changes: Partial<chat.GetPaginatedChatMessageRoomRequest> = {},
): chat.GetPaginatedChatMessageRoomRequest => ({
  timeStamp: START + 3_600_000,
  size: PAGE,
  from: 0,
  reversed: true,
  ...changes,
});

/** Turns the pages as the kit does: from one millisecond beyond the last message that it has. */
async function turnPages(reversed: boolean, timeStamp: number): Promise<string[]> {
  const read: string[] = [];
  for (;;) {
    const { messages, next } = await pageOfMessages(database.db, scope(), query({ reversed, timeStamp }));
    read.push(...messages.map((message) => message.payload));
    const last = messages.at(-1);
    expect(next).toBe(read.length < MESSAGES);
    if (!last || !next) return read;
    timeStamp = last.createdAtMs! + (reversed ? -1 : 1);
  }
}

describe('paging through 10,000 messages (H09)', () => {
  const all = Array.from({ length: MESSAGES }, (_, index) => String(index));

  it('back from the end tells each once, the newest first', async () => {
    expect(await turnPages(true, START + 3_600_000)).toEqual(all.toReversed());
  });

  it('forward from the start tells each once, the oldest first', async () => {
    expect(await turnPages(false, START - 60_000)).toEqual(all);
  });

  it('includes the point in time that it starts from, as the jump to a pinned message needs', async () => {
    const { messages } = await pageOfMessages(database.db, scope(), query({ timeStamp: START, size: 1 }));
    expect(messages.map(({ payload }) => payload)).toEqual(['6', '5', '4', '3', '2', '1', '0']);
  });

  it('answers a point in time beyond all calendars with nothing', async () => {
    const page = await pageOfMessages(database.db, scope(), query({ timeStamp: 9e18 }));
    expect(page).toEqual({ messages: [], next: false });
  });
});

describe('chat that is kept from session to session (H16)', () => {
  it('shows the public messages of earlier sessions, never the private ones', async () => {
    const page = await pageOfMessages(
      database.db,
      scope({ persistChat: true }),
      query({ timeStamp: START - 1 }),
    );
    expect(page.messages.map(({ payload }) => payload)).toEqual(['before, to all']);
    const held = { messages: 0, characters: 0 };
    const before = await earlierMessages(database.db, scope(), held);
    expect(before.map(({ payload }) => payload)).toEqual(['before, to all']);
    expect(await earlierMessages(database.db, scope(), { ...held, messages: 1000 })).toEqual([]);
  });

  it('is not shown where the meeting does not keep it', async () => {
    expect(await pageOfMessages(database.db, scope(), query({ timeStamp: START - 1 }))).toEqual({
      messages: [],
      next: false,
    });
  });

  it('tells of a private chat to its participants alone', async () => {
    await write(present, 2_000_000, 'to Bob', { to: [ann, bob] });
    const read = async (participantId: string, userId: string) => {
      const page = await pageOfMessages(
        database.db,
        scope({ participantId }),
        query({ filters: { userId }, timeStamp: START + 3_000_000 }),
      );
      return page.messages.map(({ payload }) => payload);
    };
    expect(await read(bob, ann)).toEqual(['to Bob']);
    expect(await read(randomUUID(), ann)).toEqual([]);
    // The database takes no such text, not even to look for it.
    expect(await read(bob, 'a\0b')).toEqual([]);
  });
});
