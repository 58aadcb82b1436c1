import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitStage, setUpKitStage } from '../support/browser-kit-stage.js';
import { counts, type MeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** The kit's manager of breakout rooms from its first button to its last. The tests go on from one another. */
describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the breakout rooms of the UI Kit', () => {
  let stage: KitStage;
  let host: MeetingPage;
  let tom: MeetingPage;
  let ann: MeetingPage;

  beforeAll(async () => {
    stage = await setUpKitStage();
    await stage.backend.newPreset('returner', 'group_call_participant', {
      connected_meetings: {
        can_alter_connected_meetings: false,
        can_switch_connected_meetings: false,
        can_switch_to_parent_meeting: true,
      },
    });
    const meeting = await stage.backend.newMeeting({ title: 'Course' });
    host = await stage.enter(meeting, 'Mary', 'group_call_host');
    tom = await stage.enter(meeting, 'Tom', 'group_call_participant');
    ann = await stage.enter(meeting, 'Ann', 'returner');
    await host.showsVideos(3);
  });
  afterAll(() => stage?.dispose());

  const manager = () => host.dialog.locator('rtk-breakout-rooms-manager');
  const cards = () => manager().locator('rtk-breakout-room-manager');
  const room = async (title: string) => {
    const place = await until(`the room ${title}`, async () => {
      const titles = await cards().evaluateAll((all) =>
        all.map((card) => card.shadowRoot?.querySelector('input')?.value),
      );
      return titles.includes(title) && { index: titles.indexOf(title) };
    });
    return cards().nth(place.index);
  };
  const unassigned = () => manager().locator('rtk-breakout-room-participants .participant-item');
  const button = (where: Locator, text: string) =>
    where.locator('rtk-button').filter({ hasText: text }).first();
  const confirm = (text: string) =>
    host.page.locator('rtk-confirmation-modal rtk-button').getByText(text).click();
  const isIn = (page: MeetingPage, title: string) =>
    until(`the page in ${title}`, async () => (await page.page.title()) === title);

  it('as many rooms are drafted as the counter says, one gets a name of its own', async () => {
    await host.pressInMore('breakout-rooms-toggle');
    await button(manager(), 'Create').click();
    await counts(cards(), 2);
    const first = await room('Room 1');
    await first.hover();
    await first.locator('.header rtk-tooltip rtk-icon').first().click();
    await first.locator('input').fill('Red');
    await host.page.keyboard.press('Enter');
    await host.screenshot('rooms-draft');
  });

  it('people are assigned by shuffling, taken back, and assigned by hand', async () => {
    await counts(unassigned(), 3);
    await manager().locator('rtk-button.shuffle-button').click();
    await counts(unassigned(), 0);
    await host.shows('All participants have been assigned');
    await button(manager(), 'Unassign all').click();
    await counts(unassigned(), 3);
    for (const name of ['Tom', 'Ann']) await unassigned().filter({ hasText: name }).click();
    await host.screenshot('rooms-assigning');
    await button(await room('Red'), 'Assign').click();
    await counts(unassigned(), 1);
  });

  it('at the start both land in their room, where they see and hear each other', async () => {
    await button(manager(), 'Start Breakout').click();
    await confirm('Yes, start');
    await Promise.all([isIn(tom, 'Red'), isIn(ann, 'Red')]);
    await Promise.all([tom.showsVideos(2), ann.showsVideos(2), tom.hears(1), ann.hears(1)]);
    await tom.screenshot('rooms-in-red');
    await counts(host.page.locator('rtk-participant-tile'), 1);
  });

  it('the host joins the room, goes on to another, and adds a third', async () => {
    await host.pressInMore('breakout-rooms-toggle');
    await button(await room('Red'), 'Join').click();
    await isIn(host, 'Red');
    await Promise.all([host.showsVideos(3), tom.showsVideos(3)]);
    await host.pressInMore('breakout-rooms-toggle');
    await host.screenshot('rooms-joined');
    await button(await room('Room 2'), 'Join').click();
    await isIn(host, 'Room 2');
    await host.pressInMore('breakout-rooms-toggle');
    await manager().locator('.cta-buttons rtk-button > div').first().click();
    await button(manager(), 'Update Breakout').click();
    await host.dialog.waitFor({ state: 'hidden' });
    await host.pressInMore('breakout-rooms-toggle');
    await until('a third room', async () => (await cards().count()) === 4);
    await host.screenshot('rooms-three');
  });

  it('who may goes back to the main room by the dialog for leaving', async () => {
    await ann.press('leave-button');
    await ann.page
      .locator('rtk-leave-meeting rtk-button')
      .filter({ hasText: 'Go back to main room' })
      .click();
    await isIn(ann, 'Course');
  });

  it('the end of the rooms brings everybody back', async () => {
    await button(manager(), 'Close Breakout').click();
    await confirm('Yes, close breakout');
    await Promise.all([host, tom, ann].map((page) => isIn(page, 'Course')));
    await Promise.all([host, tom, ann].map((page) => page.showsVideos(3)));
    await ann.hears(2);
    await tom.screenshot('rooms-closed');
  });

  it('the add-ons of the kit came along, and nothing threw', async () => {
    await tom.page.locator('rtk-hand-raise-toggle').first().waitFor();
    for (const page of [host, tom, ann]) {
      expect(page.errors).toEqual([]);
      expect(page.violations).toEqual([]);
    }
  });
});
