import { answers, type ChatMessage, type Command } from '@parley/core';
import { ChatEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { CUSTOM, edit, send, TEXT } from '../support/chat-commands.js';
import { Meeting, participantOf, START } from '../support/meeting.js';
import { guest } from '../support/presets.js';

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben', 'cleo']) meeting.join(peerId);
  return meeting;
}

const history = (meeting: Meeting, peerId: string) =>
  answers.chatHistory(meeting.session, meeting.peer(peerId)).messages;

describe('the history for late joiners', () => {
  it('shows what the joiner may read, by participant (H10, S40)', () => {
    const meeting = room();
    meeting.do(send('anna'));
    meeting.do(send('anna', { messageId: 'm2', payload: 'secret', toPeerIds: ['ben'] }));
    meeting.join('ben-phone', guest(), { participantId: participantOf('ben') });
    expect(history(meeting, 'cleo').map((one) => one.chatId)).toEqual(['m1']);
    expect(history(meeting, 'ben-phone').map((one) => one.chatId)).toEqual(['m1', 'm2']);
  });

  it('holds the last thousand messages (H10)', () => {
    const meeting = room();
    for (let i = 0; i < 1005; i++) meeting.do(send('anna', { messageId: `m${i}` }));
    const messages = history(meeting, 'ben');
    expect(messages).toHaveLength(1000);
    expect(messages[0]?.chatId).toBe('m5');
  });

  it('fits into one frame, however long the messages are or become', () => {
    const meeting = room();
    const long = JSON.stringify({ message: 'ä'.repeat(32_000) });
    for (let i = 0; i < 500; i++) {
      meeting.do(send('anna', { messageId: `m${i}`, payloadType: CUSTOM, payload: '{}' }));
      meeting.do(edit('anna', long, `m${i}`));
    }
    const messages = history(meeting, 'ben');
    expect(messages.length).toBeGreaterThan(100);
    const characters = messages.reduce((sum, one) => sum + one.payload.length, 0);
    expect(characters).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(messages.at(-1)?.chatId).toBe('m499');
    // One that is edited makes room for itself, and is told, although it is the oldest.
    const oldest = messages[0]!.chatId;
    meeting.do(send('anna', { messageId: 'filler', payloadType: CUSTOM, payload: '{}' }));
    const edited = JSON.stringify({ message: 'x'.repeat(32_700) });
    expect(meeting.do(edit('anna', edited, oldest)).to('ben')).toEqual(['chat.editMessage!']);
    expect(history(meeting, 'ben')[0]?.payload).toBe(edited);
  });
});

describe('a message that the history has dropped', () => {
  const older = (changes: Partial<ChatMessage> = {}): ChatMessage => ({
    id: 'm0',
    peerId: 'anna',
    participantId: participantOf('anna'),
    displayName: 'ANNA',
    payloadType: TEXT,
    payload: 'long ago',
    targetParticipantIds: [],
    pinned: false,
    edited: false,
    sentAt: START,
    ...changes,
  });

  it('is changed when it is brought along, told to its readers, and kept out of memory', () => {
    const meeting = room();
    const edited = meeting.do({ ...edit('anna', 'changed', 'm0'), older: older() });
    expect(edited.receivers(ChatEvent.editMessage)).toEqual(['anna', 'ben', 'cleo']);
    expect(edited.message(ChatEvent.editMessage).message).toMatchObject({
      payload: 'changed',
      isEdited: true,
    });
    const pin = { type: 'PinChat', by: 'ben', messageId: 'm0', pinned: true, older: older() } as const;
    expect(meeting.do(pin).message(ChatEvent.pinMessage).message).toMatchObject({
      chatId: 'm0',
      pinned: true,
    });
    const targetParticipantIds = [participantOf('anna'), participantOf('ben')];
    const remove = {
      type: 'DeleteChat',
      by: 'anna',
      messageId: 'm0',
      older: older({ targetParticipantIds }),
    };
    const removed = meeting.do(remove as Command);
    expect(removed.receivers(ChatEvent.deleteMessage)).toEqual(['anna', 'ben']);
    expect(history(meeting, 'ben')).toEqual([]);
  });

  it('is judged as the others are', () => {
    const meeting = room();
    const asPrivate = older({ targetParticipantIds: [participantOf('anna'), participantOf('ben')] });
    expect(meeting.refusalOf({ ...edit('ben', 'x', 'm0'), older: older() })).toBe('not_the_author');
    expect(meeting.refusalOf({ ...edit('cleo', 'x', 'm0'), older: asPrivate })).toBe('message_unknown');
    expect(meeting.refusalOf({ ...edit('anna', '', 'm0'), older: older() })).toBe('message_invalid');
  });
});
