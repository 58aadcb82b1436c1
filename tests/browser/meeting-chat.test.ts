import { setTimeout as sleep } from 'node:timers/promises';
import { HeadlessPeer } from '@parley/headless';
import { ChatEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitStage, setUpKitStage } from '../support/browser-kit-stage.js';
import type { MeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** The kit asks for messages in pages of this size, and shows three pages at once. */
const KIT_PAGE = 25;
/** It reads the newest page so often when its chat is opened, and shows a message twice that comes in between. */
const KIT_LOADS = 3;
const OLDER_MESSAGES = 3 * KIT_PAGE + 5;

/** A picture of one pixel. */
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** What a person does with messages by the kit's own menus. The tests go on from one another in one meeting. */
describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the chat of the UI Kit', () => {
  let stage: KitStage;
  let meeting: string;
  let mary: MeetingPage;
  let tom: MeetingPage;

  const open = async (name: string, preset = 'group_call_participant') => {
    const page = await stage.enter(meeting, name, preset);
    await page.press('chat-toggle');
    await until('its messages are read', () => page.asked(ChatEvent.getPaginatedMessages) >= KIT_LOADS);
    return page;
  };
  beforeAll(async () => {
    stage = await setUpKitStage();
    meeting = await stage.backend.newMeeting({ title: 'Weekly' });
    const may = { can_send: true, text: true, files: true };
    await stage.backend.newPreset('whispers', 'group_call_participant', {
      chat: { public: may, private: { ...may, can_receive: true } },
    });
    [mary, tom] = [await open('Mary', 'group_call_host'), await open('Tom', 'whispers')];
  });
  afterAll(() => stage?.dispose());

  const message = (page: MeetingPage, text: string) =>
    page.page.locator('rtk-chat-messages-ui-paginated rtk-message-view').filter({ hasText: text });
  const write = async (page: MeetingPage, text: string) => {
    await page.page.locator('rtk-chat-composer-view textarea').fill(text);
    await page.page.keyboard.press('Enter');
    await message(page, text).waitFor();
  };
  const pinned = (page: MeetingPage) => page.page.locator('rtk-pinned-message-selector .pinned-message');
  const talkTo = async (page: MeetingPage, whom: string) => {
    await page.page.locator('rtk-chat-selector .chat-header').click();
    await page.page.locator('rtk-chat-selector .dropdown').getByText(whom, { exact: true }).click();
  };

  it('a message is edited by its author, and the other sees the new text (H06)', async () => {
    await write(mary, 'Helo Tom');
    await mary.choose(message(mary, 'Helo Tom'), 'Edit');
    await mary.page.locator('rtk-chat-composer-view textarea').fill('Hello Tom');
    await mary.page.keyboard.press('Enter');
    await message(tom, 'Hello Tom').waitFor();
    await message(tom, 'Helo Tom').waitFor({ state: 'detached' });
    await message(mary, 'Hello Tom').waitFor();
  });

  it('a message is pinned and stands in the list of pinned ones at both, until it is not (H08)', async () => {
    await tom.choose(message(tom, 'Hello Tom'), 'Pin');
    for (const page of [mary, tom]) {
      await page.page.locator('rtk-pinned-message-selector .chat-header').click();
      await pinned(page).getByText('Hello Tom').waitFor();
    }
    await tom.screenshot('chat-pinned');
    await pinned(tom).click();
    await message(tom, 'Hello Tom').waitFor();
    await mary.page.locator('rtk-pinned-message-selector .chat-header').click();
    await mary.choose(message(mary, 'Hello Tom'), 'Unpin');
    await pinned(tom).waitFor({ state: 'detached' });
  });

  it('a message that its author deletes is gone at both; nobody is offered the messages of others (H07)', async () => {
    await write(tom, 'Never mind');
    const offered = message(mary, 'Never mind').locator('rtk-menu-item');
    await mary.openMenu(message(mary, 'Never mind'));
    await offered.first().waitFor();
    expect((await offered.allInnerTexts()).map((text) => text.trim())).toEqual(['Pin']);
    await tom.choose(message(tom, 'Never mind'), 'Delete');
    for (const page of [mary, tom]) await message(page, 'Never mind').waitFor({ state: 'detached' });
  });

  it('a picture is chosen, sent, shown and opened (H01, H13)', async () => {
    const chooser = tom.page.waitForEvent('filechooser');
    await tom.page.locator('rtk-file-picker-button rtk-button').nth(1).click();
    await (await chooser).setFiles({ name: 'dot.png', mimeType: 'image/png', buffer: PICTURE });
    await tom.page.locator('rtk-chat-composer-view rtk-button:visible').last().click();
    const picture = mary.page.locator('rtk-image-message-view img');
    await picture.waitFor();
    await until('the picture', () =>
      picture.evaluate((image) => (image as HTMLImageElement).naturalWidth === 1),
    );
    await picture.click();
    await mary.page.locator('rtk-image-viewer').waitFor();
    await mary.screenshot('chat-picture');
    await mary.page.locator('rtk-image-viewer rtk-icon').last().click();
  });

  it('a private message is for one alone, and is answered in private (H03)', async () => {
    await talkTo(mary, 'Tom');
    await write(mary, 'Between us');
    expect(await message(tom, 'Between us').count()).toBe(0);
    await talkTo(tom, 'Mary');
    await message(tom, 'Between us').waitFor();
    await write(tom, 'Of course');
    await message(mary, 'Of course').waitFor();
    await mary.screenshot('chat-private');
    await talkTo(mary, 'Everyone');
    await message(mary, 'Of course').waitFor({ state: 'detached' });
  });

  it('who comes late reads back page by page, and down to the newest again (H09)', async () => {
    const { token } = await stage.backend.addParticipant(meeting, 'Writer', 'group_call_participant');
    const writer = new HeadlessPeer({
      url: `${stage.parley.httpUrl.replace('http', 'ws')}/ws`,
      token,
      displayName: 'Writer',
    });
    await writer.connect();
    await writer.join();
    for (let number = 1; number <= OLDER_MESSAGES; number++) {
      writer.chat(`Note ${number}.`);
      // The kit's list passes over messages of the same millisecond.
      await sleep(2);
    }
    await message(mary, `Note ${OLDER_MESSAGES}.`).waitFor();
    const late = await open('Late');
    await message(late, `Note ${OLDER_MESSAGES}.`).waitFor();
    expect(await message(late, 'Note 1.').count()).toBe(0);
    const list = late.page.locator('rtk-chat-messages-ui-paginated rtk-paginated-list .container');
    await until('the oldest note', async () => {
      await list.evaluate((container) =>
        container.scrollTo({ top: -container.scrollHeight, behavior: 'instant' }),
      );
      return (await message(late, 'Note 1.').count()) === 1;
    });
    await message(late, 'Hello Tom').waitFor();
    for (const absent of [`Note ${OLDER_MESSAGES}.`, 'Between us', 'Of course']) {
      expect(await message(late, absent).count()).toBe(0);
    }
    await late.screenshot('chat-read-back');
    await until('the newest note', async () => {
      await list.evaluate((container) => container.scrollTo({ top: 0, behavior: 'instant' }));
      return (await message(late, `Note ${OLDER_MESSAGES}.`).count()) === 1;
    });
    writer.leave();
    expect(late.errors).toEqual([]);
  });

  it('nothing threw and nothing was asked of another host', () => {
    for (const page of [mary, tom]) {
      expect(page.errors).toEqual([]);
      expect(page.violations).toEqual([]);
    }
  });
});
