import { answers } from '@parley/core';
import { ChatEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { CUSTOM, edit, FILE, IMAGE, send, TEXT } from '../support/chat-commands.js';
import { Meeting, participantOf, START } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben', 'cleo']) meeting.join(peerId);
  return meeting;
}

const remove = (by: string, messageId = 'm1') => ({ type: 'DeleteChat' as const, by, messageId });
const pin = (by: string, pinned = true, messageId = 'm1') => ({
  type: 'PinChat' as const,
  by,
  messageId,
  pinned,
});
const history = (meeting: Meeting, peerId: string) =>
  answers.chatHistory(meeting.session, meeting.peer(peerId)).messages;

describe('sending', () => {
  it('reaches everybody once, the sender by the same message (H03, H05, pitfall 12)', () => {
    const told = room().do(send('anna'));
    expect(told.receivers(ChatEvent.sendMessageToRoom)).toEqual(['anna', 'ben', 'cleo']);
    expect(told.to('anna')).toEqual(['chat.sendMessageToRoom!']);
  });

  it('carries all fields, with seconds and milliseconds (H02, pitfall 16)', () => {
    const meeting = room();
    const { message } = meeting.after(1234).do(send('anna')).message(ChatEvent.sendMessageToRoom);
    expect(message).toEqual({
      chatId: 'm1',
      peerId: 'anna',
      userId: participantOf('anna'),
      displayName: 'ANNA',
      pinned: false,
      isEdited: false,
      payloadType: TEXT,
      payload: 'hello',
      targetUserIds: [],
      createdAt: START / 1000 + 1,
      createdAtMs: START + 1234,
    });
  });

  it('is for joined peers alone (H20, W01)', () => {
    const meeting = room();
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    expect(meeting.refusalOf(send('wendy'))).toBe('not_joined');
    expect(meeting.refusalOf(send('stranger'))).toBe('not_joined');
  });

  const link = 'https://example.org/a.png';
  const PAYLOADS: [string, number, string][] = [
    ['text', TEXT, 'hi'],
    ['an image link', IMAGE, link],
    ['a file', FILE, JSON.stringify({ link, name: 'a.png', size: 3 })],
    ['a custom message', CUSTOM, JSON.stringify({ message: 'hi', files: [{ link }] })],
    ['the longest text', TEXT, 'x'.repeat(10_000)],
  ];
  it.each(PAYLOADS)('takes %s (H01, H04)', (_, payloadType, payload) => {
    expect(room().refusalOf(send('anna', { payloadType, payload }))).toBeNull();
  });

  const BAD: [string, number, string][] = [
    ['empty text (0502)', TEXT, ''],
    ['blank text (0502)', TEXT, ' \n '],
    ['text over the limit (H12)', TEXT, 'x'.repeat(10_001)],
    ['text with a NUL, which cannot be kept', TEXT, 'a\0b'],
    ['text with half a surrogate pair, which cannot be kept', TEXT, 'a\ud83d'],
    ['an image that is no link', IMAGE, 'javascript:alert(1)'],
    ['a file that is no JSON', FILE, '{'],
    ['a file that is no object', FILE, '[]'],
    ['a file without a link', FILE, '{"name":"a"}'],
    ['a custom message that is no JSON', CUSTOM, 'hello'],
    ['a custom message that is null', CUSTOM, 'null'],
    ['a custom message over the limit', CUSTOM, JSON.stringify({ message: 'x'.repeat(40_000) })],
    ['an unknown type', 4, 'hi'],
  ];
  it.each(BAD)(
    "refuses %s: it would break the others' clients or the log (H21)",
    (_, payloadType, payload) => {
      expect(room().refusalOf(send('anna', { payloadType, payload }))).toBe('message_invalid');
    },
  );

  it.each([
    ['can_send false refuses everything (R16)', { can_send: false }, [true, true, true, true]],
    ['text false refuses text and custom messages (R17)', { text: false }, [true, false, false, true]],
    ['files false refuses images and files (R18)', { files: false }, [false, true, true, true]],
  ] as const)('%s, in public and in private (R19)', (_, rights, refused) => {
    for (const group of ['public', 'private'] as const) {
      const meeting = room();
      meeting.join('dora', guest({ chat: { [group]: rights } }));
      const toPeerIds = group === 'private' ? ['anna'] : null;
      const results = PAYLOADS.slice(0, 4).map(([, payloadType, payload]) =>
        meeting.refusalOf(send('dora', { payloadType, payload, toPeerIds })),
      );
      expect(results).toEqual(refused.map((one) => (one ? 'permission_denied' : null)));
    }
  });

  it('a custom message without files needs no right to files', () => {
    const meeting = room();
    meeting.join('dora', guest({ chat: { public: { files: false } } }));
    const payload = JSON.stringify({ message: 'hi', files: [], images: [] });
    expect(meeting.refusalOf(send('dora', { payloadType: CUSTOM, payload }))).toBeNull();
  });
});

describe('private messages', () => {
  it('reach the named and the sender, each once; nobody else (H03, S40)', () => {
    const told = room().do(send('anna', { toPeerIds: ['ben', 'anna', 'ben'] }));
    expect(told.receivers(ChatEvent.sendMessageToPeers)).toEqual(['anna', 'ben']);
    expect(told.to('anna')).toEqual(['chat.sendMessageToPeers!']);
    expect(told.message(ChatEvent.sendMessageToPeers).message?.targetUserIds).toEqual([
      participantOf('anna'),
      participantOf('ben'),
    ]);
  });

  it('do not reach those who may not receive any, or are not in (R20)', () => {
    const meeting = room();
    meeting.join('deaf', guest({ chat: { private: { can_receive: false } } }));
    const told = meeting.do(send('anna', { toPeerIds: ['deaf', 'nobody'] }));
    expect(told.receivers(ChatEvent.sendMessageToPeers)).toEqual(['anna']);
    expect(told.message(ChatEvent.sendMessageToPeers).message?.targetUserIds).toEqual([
      participantOf('anna'),
    ]);
    expect(history(meeting, 'ben')).toEqual([]);
  });

  it('have a bounded number of targets', () => {
    const toPeerIds = Array.from({ length: 1001 }, (_, i) => `p${i}`);
    expect(room().refusalOf(send('anna', { toPeerIds }))).toBe('message_invalid');
  });

  it('stay private when they are edited or deleted', () => {
    const meeting = room();
    meeting.do(send('anna', { toPeerIds: ['ben'] }));
    const edited = meeting.do(edit('anna', 'hello!'));
    expect(edited.receivers(ChatEvent.editMessage)).toEqual(['anna', 'ben']);
    expect(meeting.do(remove('anna')).receivers(ChatEvent.deleteMessage)).toEqual(['anna', 'ben']);
  });

  it('cannot be pinned, and are unknown to others (H08)', () => {
    const meeting = room();
    meeting.do(send('anna', { toPeerIds: ['ben'] }));
    expect(meeting.refusalOf(pin('anna'))).toBe('private_pin');
    expect(meeting.refusalOf(pin('cleo'))).toBe('message_unknown');
    expect(meeting.refusalOf(edit('cleo', 'x'))).toBe('message_unknown');
  });
});

describe('editing and deleting', () => {
  it('changes the message for everybody, the author by the same copy (H06)', () => {
    const meeting = room();
    meeting.do(send('anna'));
    const told = meeting.do(edit('anna', 'hello again'));
    expect(told.to('anna')).toEqual(['chat.editMessage!']);
    expect(told.receivers(ChatEvent.editMessage)).toEqual(['anna', 'ben', 'cleo']);
    expect(told.message(ChatEvent.editMessage).message).toMatchObject({
      payload: 'hello again',
      isEdited: true,
      createdAtMs: START,
    });
  });

  it('removes the message for everybody and from the history (H07)', () => {
    const meeting = room();
    meeting.do(send('anna'));
    const told = meeting.do(remove('anna'));
    expect(told.receivers(ChatEvent.deleteMessage)).toEqual(['anna', 'ben', 'cleo']);
    expect(told.message(ChatEvent.deleteMessage).chatId).toBe('m1');
    expect(told.to('anna')).toEqual(['chat.deleteMessage!']);
    expect(history(meeting, 'ben')).toEqual([]);
  });

  it("is for one's own messages, from any of one's devices; not even for hosts (OQ09)", () => {
    const meeting = room();
    meeting.join('host', host());
    meeting.join('anna-phone', guest(), { participantId: participantOf('anna') });
    meeting.do(send('anna'));
    for (const by of ['ben', 'host']) {
      expect(meeting.refusalOf(edit(by, 'x'))).toBe('not_the_author');
      expect(meeting.refusalOf(remove(by))).toBe('not_the_author');
    }
    expect(meeting.refusalOf(edit('anna-phone', 'x'))).toBeNull();
    expect(meeting.refusalOf(remove('anna-phone'))).toBeNull();
  });

  it('of an unknown message is refused (H21)', () => {
    const meeting = room();
    for (const command of [edit('anna', 'x'), remove('anna'), pin('anna')]) {
      expect(meeting.refusalOf(command)).toBe('message_unknown');
    }
    expect(meeting.refusalOf(edit('stranger', 'x'))).toBe('not_joined');
  });

  it('takes the same care of the new text', () => {
    const meeting = room();
    meeting.do(send('anna'));
    for (const payload of ['', 'a\0b', 'x'.repeat(10_001)]) {
      expect(meeting.refusalOf(edit('anna', payload))).toBe('message_invalid');
    }
  });

  it('is no way around a lost right to write; deleting stays open (R16)', () => {
    const meeting = room();
    meeting.join('host', host());
    meeting.do(send('anna'));
    const changes = [{ participantId: participantOf('anna'), patch: { chat: { public: { text: false } } } }];
    meeting.do({ type: 'ChangePermissions', by: 'host', changes });
    expect(meeting.refusalOf(edit('anna', 'buy now'))).toBe('permission_denied');
    expect(meeting.refusalOf(remove('anna'))).toBeNull();
  });

  it('of a private message asks for the private right (R19)', () => {
    const meeting = room();
    meeting.join('host', host());
    meeting.do(send('anna', { toPeerIds: ['ben'] }));
    const changes = [{ participantId: participantOf('anna'), patch: { chat: { private: { text: false } } } }];
    meeting.do({ type: 'ChangePermissions', by: 'host', changes });
    expect(meeting.refusalOf(edit('anna', 'psst'))).toBe('permission_denied');
  });
});

describe('pinning', () => {
  it('is open to everybody who may write, for any message of the room (H08, OQ09)', () => {
    const meeting = room();
    meeting.join('mute', guest({ chat: { public: { can_send: false } } }));
    meeting.do(send('anna'));
    expect(meeting.refusalOf(pin('mute'))).toBe('permission_denied');
    const told = meeting.do(pin('ben'));
    expect(told.to('ben')).toEqual(['chat.pinMessage!']);
    expect(told.receivers(ChatEvent.pinMessage)).toEqual(['anna', 'ben', 'cleo', 'mute']);
    expect(told.message(ChatEvent.pinMessage)).toMatchObject({
      chatId: 'm1',
      pinned: true,
      message: { chatId: 'm1', pinned: true },
    });
    const undone = meeting.do(pin('cleo', false)).message(ChatEvent.pinMessage);
    expect(undone).toMatchObject({ pinned: false, message: { pinned: false } });
  });
});
