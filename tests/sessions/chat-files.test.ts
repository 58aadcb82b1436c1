import { ChatEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';

describe.skipIf(!serverIsBuilt)('files and older messages of chat', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  const ask = (token: string, body: object) =>
    fetch(`${stage.parley.httpUrl}/v2/meetings/chat-upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('a participant gets two links, puts a file without a token, and anybody with the link gets it (H13)', async () => {
    const meeting = await stage.backend.newMeeting();
    const { token } = await stage.invite(meeting, 'Tom');
    const { data } = await (await ask(token, { roomUUID: meeting, filename: 'photo.png' })).json();
    expect(data.put_location.startsWith(`${stage.parley.httpUrl}/v2/files/upload/`)).toBe(true);
    const origin = 'https://app.example.com';
    const asked = await fetch(data.put_location, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT');
    const headers = { 'content-type': 'image/png', origin };
    const put = await fetch(data.put_location, { method: 'PUT', body: 'bytes', headers });
    expect([put.status, put.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    const got = await fetch(data.get_location, { headers: { origin } });
    expect([await got.text(), got.headers.get('access-control-allow-origin')]).toEqual(['bytes', '*']);
  });

  test('no token, another meeting, no right to files and a bad body are refused, each for its reason', async () => {
    const meeting = await stage.backend.newMeeting();
    const chat = {
      public: { can_send: true, text: true, files: false },
      private: { can_send: true, can_receive: true, text: true, files: false },
    };
    await stage.backend.newPreset('text_only', 'group_call_participant', { chat });
    const tom = await stage.invite(meeting, 'Tom');
    const ann = await stage.invite(meeting, 'Ann', 'text_only');
    const body = { roomUUID: meeting, filename: 'a' };
    expect((await ask('nothing', body)).status).toBe(401);
    const other = await ask(tom.token, { ...body, roomUUID: await stage.backend.newMeeting() });
    expect([other.status, (await other.json()).error.reason]).toEqual([403, 'other_meeting']);
    const forbidden = await ask(ann.token, body);
    expect([forbidden.status, (await forbidden.json()).error.reason]).toEqual([403, 'files_forbidden']);
    expect((await ask(tom.token, { ...body, filename: '' })).status).toBe(400);
  });

  test('messages that the meeting keeps can be edited, pinned and deleted in a later session by whom it belongs to (H06-H08, H16)', async () => {
    const { kit, scope, backend } = stage;
    const meeting = await backend.newMeeting();
    await kit.meetings.updateMeetingByID(meeting, { ...scope, persist_chat: true });
    const [mary, tom] = [await stage.invite(meeting, 'Mary'), await stage.invite(meeting, 'Tom')];
    const writer = await stage.enterAgain(mary);
    const sent = await writer.request(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: 'hello' });
    const { chatId } = sent.message!;
    await backend.kickAll(meeting);

    const [author, other] = [await stage.enterAgain(mary), await stage.enterAgain(tom)];
    const seen = other.next(ChatEvent.editMessage);
    await author.request(ChatEvent.editMessage, { chatId, payloadType: 0, payload: 'hello again' });
    expect((await seen).message).toMatchObject({ chatId, payload: 'hello again', isEdited: true });
    await other.request(ChatEvent.pinMessage, { chatId, pinned: true });
    const pinned = { timeStamp: 0, size: 10, from: 0, reversed: false, filters: { pinned: true } };
    const { messages } = await other.request(ChatEvent.getPaginatedMessages, pinned);
    expect(messages).toMatchObject([{ chatId, payload: 'hello again', pinned: true }]);
    await expect(other.request(ChatEvent.deleteMessage, { chatId })).rejects.toThrow('Only the author');
    await author.request(ChatEvent.deleteMessage, { chatId });
    expect((await author.request(ChatEvent.getMessages)).messages).toEqual([]);
  });
});
