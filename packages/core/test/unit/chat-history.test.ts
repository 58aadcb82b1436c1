import { answers, type Command } from '@parley/core';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf } from '../support/meeting.js';
import { guest } from '../support/presets.js';

const TEXT = 0;
const CUSTOM = 3;

function room(): Meeting {
  const meeting = new Meeting();
  for (const peerId of ['anna', 'ben', 'cleo']) meeting.join(peerId);
  return meeting;
}

const send = (by: string, options: Partial<Command & { type: 'SendChat' }> = {}) => ({
  type: 'SendChat' as const,
  by,
  messageId: 'm1',
  payloadType: TEXT,
  payload: 'hello',
  toPeerIds: null,
  ...options,
});
const edit = (by: string, payload: string, messageId = 'm1') => ({
  type: 'EditChat' as const,
  by,
  messageId,
  payload,
});
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
