import { randomUUID } from 'node:crypto';
import { CHAT_HISTORY_MESSAGES } from '@parley/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatScope, storedMessage } from '../../../src/sessions/chat-pages.js';
import type { ChatChange, MeetingHost } from '../../../src/sessions/meeting-host.js';
import { letIn, type SessionsBench, startSessionsBench } from './support.js';

let bench: SessionsBench;
let host: MeetingHost;
let author: string;
let other: string;
const ids = Array.from({ length: CHAT_HISTORY_MESSAGES + 20 }, () => randomUUID());

beforeAll(async () => {
  bench = await startSessionsBench();
  const admission = await bench.newMeeting();
  host = await bench.startMeetings().open(admission.meeting.meetingId);
  [author, other] = [await letIn(host, admission), await letIn(host, admission)];
  const message = { type: 'SendChat', by: author, payloadType: 0, payload: 'hello' } as const;
  await Promise.all(
    ids.map((messageId, index) =>
      host.execute({ ...message, messageId, toPeerIds: index === 0 ? [author] : null }),
    ),
  );
});
afterAll(() => bench?.close());

const scopeOf = (peerId: string): ChatScope => ({
  meetingId: host.meetingId,
  sessionId: host.state.session!.id,
  participantId: host.state.session!.peers.get(peerId)!.participantId,
  persistChat: false,
});
const change = (command: ChatChange) =>
  host.changeChat(command, { peerId: command.by, requestId: 'r' }, () =>
    storedMessage(bench.database.db, scopeOf(command.by), command.messageId),
  );
const edit = (messageId: string, payload: string, by = author) =>
  change({ type: 'EditChat', by, messageId, payload });
const remove = (messageId: string, by = author) => change({ type: 'DeleteChat', by, messageId });
const stored = (messageId: string) => storedMessage(bench.database.db, scopeOf(author), messageId);

describe('a message that the session’s memory has dropped', () => {
  it('is edited, pinned and deleted all the same, and does not come back into memory (H06-H08)', async () => {
    const [, id] = ids;
    expect(host.state.session!.chat.has(id!)).toBe(false);
    await edit(id!, 'changed');
    await change({ type: 'PinChat', by: other, messageId: id!, pinned: true });
    expect(await stored(id!)).toMatchObject({ payload: 'changed', edited: true, pinned: true });
    await remove(id!);
    expect(await stored(id!)).toBeNull();
    await expect(edit(id!, 'again')).rejects.toMatchObject({ code: 'message_unknown' });
    expect(host.state.session!.chat.size).toBe(CHAT_HISTORY_MESSAGES);
    expect(host.state.session!.chat.has(id!)).toBe(false);
  });

  it('is judged by the same rules as the others (OQ09, H08)', async () => {
    const [secret, , id] = ids;
    await expect(edit(id!, 'mine now', other)).rejects.toMatchObject({ code: 'not_the_author' });
    await expect(edit(secret!, 'what?', other)).rejects.toMatchObject({ code: 'message_unknown' });
    const pin = { type: 'PinChat', by: author, messageId: secret!, pinned: true } as const;
    await expect(change(pin)).rejects.toMatchObject({ code: 'private_pin' });
    for (const unknown of [randomUUID(), 'no id at all']) {
      await expect(remove(unknown)).rejects.toMatchObject({ code: 'message_unknown' });
    }
  });

  it('is changed by one after the other, who each see what was before', async () => {
    const [, , , id] = ids;
    const outcomes = await Promise.allSettled([
      edit(id!, 'first'),
      remove(id!),
      edit(id!, 'last'),
      remove(id!),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(await stored(id!)).toBeNull();
  });

  it('is found although it was dropped in the very moment of its change', async () => {
    const [oldest] = host.state.session!.chat.keys();
    const newest = randomUUID();
    const message = {
      type: 'SendChat',
      by: author,
      payloadType: 0,
      payload: 'hello',
      toPeerIds: null,
    } as const;
    await Promise.all([host.execute({ ...message, messageId: newest }), edit(oldest!, 'just in time')]);
    expect(host.state.session!.chat.has(oldest!)).toBe(false);
    expect(await stored(oldest!)).toMatchObject({ payload: 'just in time' });
  });
});
