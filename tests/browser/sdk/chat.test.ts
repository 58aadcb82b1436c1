import { ChatEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

/** The smallest picture there is: one transparent pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('chat with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;
  let ann: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    await stage.backend.newPreset('friend', 'group_call_participant', {
      chat: {
        public: { can_send: true, text: true, files: true },
        private: { can_send: true, can_receive: true, text: true, files: true },
      },
    });
    await stage.backend.newPreset('silent', 'group_call_participant', {
      chat: {
        public: { can_send: false, text: true, files: true },
        private: { can_send: false, can_receive: false, text: false, files: false },
      },
    });
    meeting = await stage.backend.newMeeting();
    [mary, tom, ann] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host', WITHOUT_DEVICES),
      stage.enter(meeting, 'Tom', 'friend', WITHOUT_DEVICES),
      stage.enter(meeting, 'Ann', 'friend', WITHOUT_DEVICES),
    ]);
    for (const person of [mary, tom, ann]) {
      await until('all see each other', async () => (await person.joinedIds()).length === 2);
    }
  });
  afterAll(() => stage?.dispose());

  type Seen = { id: string; type: string; message?: string; isEdited?: boolean; pinned?: boolean };
  const messagesAt = (person: Person) =>
    person.run(() => window.meeting.chat.messages) as unknown as Promise<Seen[]>;
  const arrives = (person: Person, text: string) =>
    until(`the message ${text}`, async () =>
      (await messagesAt(person)).find(({ message }) => message === text),
    );
  const say = async (person: Person, text: string, peerIds?: string[]) => {
    await person.run(({ text, peerIds }) => window.meeting.chat.sendTextMessage(text, peerIds), {
      text,
      peerIds,
    });
    return arrives(person, text);
  };
  const isGone = (person: Person, text: string) =>
    until(`${text} is gone`, async () => !(await messagesAt(person)).some(({ message }) => message === text));

  it(
    'a text reaches everybody with all its fields (H01, H02, H03, H05)',
    proves('Client.chat', 'Chat.sendTextMessage', 'Chat.messages', 'Chat:chatUpdate'),
    async () => {
      await say(mary, 'hello');
      const seen = await arrives(tom, 'hello');
      expect(seen).toMatchObject({
        id: expect.any(String),
        type: 'text',
        userId: mary.id,
        displayName: 'Mary',
        message: 'hello',
        isEdited: false,
        pinned: false,
      });
      const { details } = await tom.sawEvent('chat', 'chatUpdate', { action: 'add' });
      expect(details).toMatchObject({ message: { type: 'text', message: 'hello' } });
    },
  );

  it(
    'the author changes and deletes a message at everybody; nobody else does (H06, H07)',
    proves('Chat.editTextMessage', 'Chat.editMessage', 'Chat.deleteMessage'),
    async () => {
      const { id } = await say(tom, 'first wording');
      await tom.run((id) => window.meeting.chat.editTextMessage(id, 'second wording'), id);
      for (const person of [mary, ann]) {
        expect(await arrives(person, 'second wording')).toMatchObject({ id, isEdited: true });
        await person.sawEvent('chat', 'chatUpdate', { action: 'edit' });
      }
      await ann.attempt((id) => window.meeting.chat.editTextMessage(id, 'forged'), id);
      await ann.attempt((id) => window.meeting.chat.deleteMessage(id), id);
      await tom.run(
        (id) => window.meeting.chat.editMessage(id, { type: 'text', message: 'third wording' }),
        id,
      );
      expect(await arrives(mary, 'third wording')).toMatchObject({ id });
      await tom.run((id) => window.meeting.chat.deleteMessage(id), id);
      for (const person of [mary, ann]) {
        await isGone(person, 'third wording');
        await person.sawEvent('chat', 'chatUpdate', { action: 'delete' });
      }
      expect((await messagesAt(mary)).some(({ message }) => message === 'forged')).toBe(false);
    },
  );

  it(
    'a private message reaches those it names and never the wire of another (H03, R19, R20, S40)',
    proves('Chat.sendMessage', 'Chat.fetchPrivateMessages'),
    async () => {
      await say(tom, 'for Ann alone', [await ann.peerId()]);
      expect(await arrives(ann, 'for Ann alone')).toMatchObject({
        targetUserIds: expect.arrayContaining([tom.id, ann.id]),
      });
      await ann.run(
        (id) => window.meeting.chat.sendMessage({ type: 'text', message: 'for Tom alone' }, [id]),
        await tom.peerId(),
      );
      await arrives(tom, 'for Tom alone');
      await say(tom, 'for all again');
      await arrives(mary, 'for all again');
      expect(JSON.stringify(await messagesAt(mary))).not.toContain('alone');
      expect(mary.socket.received(ChatEvent.sendMessageToPeers)).toEqual([]);

      const page = (person: Person, userId: string) =>
        person.run(
          async (userId) =>
            (await window.meeting.chat.fetchPrivateMessages({ limit: 10, direction: 'before', userId })).map(
              (message) => (message as { message?: string }).message,
            ),
          userId,
        );
      expect((await page(tom, ann.id)).sort()).toEqual(['for Ann alone', 'for Tom alone']);
      expect(await page(mary, ann.id)).toEqual([]);
    },
  );

  it(
    'pictures, files and messages of the app itself, sent and changed (H01, H04, H06)',
    proves(
      'Chat.sendCustomMessage',
      'Chat.sendImageMessage',
      'Chat.sendFileMessage',
      'Chat.editImageMessage',
      'Chat.editFileMessage',
    ),
    async () => {
      const before = (await messagesAt(tom)).length;
      await mary.run(async (pixel) => {
        const bytes = Uint8Array.from(atob(pixel), (character) => character.charCodeAt(0));
        const { chat } = window.meeting;
        await chat.sendImageMessage(new File([bytes], 'pixel.png', { type: 'image/png' }));
        await chat.sendFileMessage(new File([bytes], 'as-file.png', { type: 'image/png' }));
        await chat.sendCustomMessage({ type: 'custom', message: 'mixed', html: '<b>mixed</b>', files: [] });
      }, PIXEL);
      await until('three messages', async () => (await messagesAt(tom)).length === before + 3);
      const [image, file, custom] = (await messagesAt(tom)).slice(before) as (Seen & {
        link: string;
        name: string;
        html: string;
      })[];
      expect([image!.type, file!.type, custom!.type]).toEqual(['image', 'file', 'custom']);
      expect(file).toMatchObject({ name: 'as-file.png', link: expect.stringContaining('http') });
      expect(custom).toMatchObject({ message: 'mixed', html: '<b>mixed</b>' });

      await mary.run(
        async ({ image, file }) => {
          const { chat } = window.meeting;
          await chat.editImageMessage(image, new File(['x'], 'other.png', { type: 'image/png' }));
          await chat.editFileMessage(file, new File(['y'], 'other.txt', { type: 'text/plain' }));
        },
        { image: image!.id, file: file!.id },
      );
      await until('both changes', async () => {
        const now = (await messagesAt(tom)) as (Seen & { link?: string; name?: string })[];
        const changed = [image, file].map((old) => now.find(({ id }) => id === old!.id)!);
        return changed.every(({ isEdited }) => isEdited) && changed[1]!.name === 'other.txt';
      });
    },
  );

  it(
    'a pin is seen by all and by who comes later; a private message cannot be pinned (H08)',
    proves('Chat.pin', 'Chat.unpin', 'Chat:pinMessage', 'Chat:unpinMessage', 'Chat.fetchPinnedMessages'),
    async () => {
      const { id } = await say(tom, 'keep this');
      await mary.run((id) => window.meeting.chat.pin(id), id);
      for (const person of [tom, ann]) {
        const { details } = await person.sawEvent('chat', 'pinMessage');
        expect(details).toMatchObject({ message: { id, pinned: true } });
      }
      const late = await stage.enter(meeting, 'Lee', 'friend', WITHOUT_DEVICES);
      const pinned = () =>
        late.run(async () =>
          (await window.meeting.chat.fetchPinnedMessages({ limit: 10, direction: 'before' })).map(
            (message) => message.id,
          ),
        );
      expect(await pinned()).toEqual([id]);
      await mary.run((id) => window.meeting.chat.unpin(id), id);
      await tom.sawEvent('chat', 'unpinMessage');
      expect(await pinned()).toEqual([]);
      await late.close();

      const secret = await say(tom, 'not to be pinned', [await ann.peerId()]);
      expect(await tom.attempt((id) => window.meeting.chat.pin(id), secret.id)).toMatchObject({ ok: false });
      expect(await tom.attempt(() => window.meeting.chat.pin('unknown'))).toMatchObject({
        ok: false,
        code: '0504',
      });
    },
  );

  it(
    'pages through the public messages in both directions, each once (H09)',
    proves('Chat.fetchPublicMessages'),
    async () => {
      for (let count = 1; count <= 7; count++) await say(ann, `page ${count}`);
      const pages = await tom.run(async () => {
        const { chat } = window.meeting;
        const walk = async (direction: 'before' | 'after', from: number) => {
          const texts: unknown[] = [];
          let timestamp = from;
          for (let page = 0; page < 20; page++) {
            const messages = await chat.fetchPublicMessages({ timestamp, limit: 3, direction });
            if (messages.length === 0) break;
            texts.push(...messages.map((message) => (message as { message?: string }).message));
            const last = messages.at(-1)!;
            timestamp = last.timeMs! + (direction === 'before' ? -1 : 1);
          }
          return texts;
        };
        return { before: await walk('before', Date.now() + 60_000), after: await walk('after', 1) };
      });
      const ours = (texts: unknown[]) => texts.filter((text) => String(text).startsWith('page '));
      const forwards = [1, 2, 3, 4, 5, 6, 7].map((count) => `page ${count}`);
      expect(ours(pages.before)).toEqual(forwards.toReversed());
      expect(ours(pages.after)).toEqual(forwards);
    },
  );

  it(
    'the limits of the SDK: length, number, and who may not write at all (H12, H14, R16)',
    proves('Chat.maxTextLimit', 'Chat.setMaxTextLimit', 'Chat.rateLimits', 'Chat.updateRateLimits'),
    async () => {
      expect(await tom.run(() => window.meeting.chat.maxTextLimit)).toBe(2000);
      expect(await tom.attempt(() => window.meeting.chat.sendTextMessage('x'.repeat(2001)))).toMatchObject({
        ok: false,
        code: '0503',
      });
      await tom.run(() => window.meeting.chat.setMaxTextLimit(3000));
      await say(tom, 'x'.repeat(2001));
      await arrives(mary, 'x'.repeat(2001));

      expect(await tom.run(() => ({ ...window.meeting.chat.rateLimits }))).toEqual({
        maxInvocations: 180,
        period: 60,
      });
      const limited = await tom.attempt(async () => {
        window.meeting.chat.updateRateLimits(1, 60);
        for (const text of ['one', 'two']) await window.meeting.chat.sendTextMessage(text);
      });
      expect(limited).toMatchObject({ ok: false, code: '0013' });

      const silent = await stage.enter(meeting, 'Sid', 'silent', WITHOUT_DEVICES);
      expect(await silent.attempt(() => window.meeting.chat.sendTextMessage('may I'))).toMatchObject({
        ok: false,
        code: '0501',
      });
      await silent.close();
    },
  );

  it('nothing is pinned or sent before the join (H20)', async () => {
    const early = await stage.arrive(meeting, 'Eve', 'friend');
    await early.init(WITHOUT_DEVICES);
    expect(await early.attempt(() => window.meeting.chat.pin('any'))).toMatchObject({
      ok: false,
      code: '0505',
    });
    // Sending is not stopped by the SDK, so it is for the server to do.
    await early.run(() => window.meeting.chat.sendTextMessage('too early'));
    await early.join();
    await say(early, 'in time');
    await arrives(mary, 'in time');
    expect((await messagesAt(mary)).some(({ message }) => message === 'too early')).toBe(false);
  });
});
