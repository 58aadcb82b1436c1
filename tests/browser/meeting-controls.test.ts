import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitStage, setUpKitStage } from '../support/browser-kit-stage.js';
import { counts, type MeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** The one that really records is in recording.test.ts. */
const FAKE_RECORDER = fileURLToPath(new URL('../support/fake-recorder.mjs', import.meta.url));

/**
 * Every control of the kit's default meeting, pressed once; leaving, raising a hand, reactions, emojis and the waiting
 * room are in meeting-page.test.ts, chat and breakout rooms in tests of their own. The tests go on from one another in
 * one meeting.
 */
describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the controls of the UI Kit', () => {
  let stage: KitStage;
  let meeting: string;
  let host: MeetingPage;
  let guest: MeetingPage;

  beforeAll(async () => {
    stage = await setUpKitStage({ env: { PARLEY_RECORDER: FAKE_RECORDER } });
    meeting = await stage.backend.newMeeting({ title: 'Weekly' });
    host = await stage.enter(meeting, 'Mary', 'group_call_host');
    guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    await host.showsVideos(2);
  });
  afterAll(() => stage?.dispose());

  /** The label under a button of the control bar, which says what is on. */
  const label = (page: MeetingPage, control: string, text: string) =>
    page.page.locator(`rtk-${control}`).first().getByText(text, { exact: true }).waitFor();
  const closeDialog = async () => {
    await host.dialog.locator('rtk-button').first().click();
    await host.dialog.waitFor({ state: 'hidden' });
  };
  const rowOfTom = () => host.page.locator('rtk-participants rtk-participant').filter({ hasText: 'Tom' });
  const inMenuOfTom = (item: string) => host.choose(rowOfTom(), item);

  it('microphone and camera, off and on', async () => {
    await guest.press('mic-toggle');
    await label(guest, 'mic-toggle', 'Mic Off');
    await guest.press('mic-toggle');
    await label(guest, 'mic-toggle', 'Mic On');
    await guest.press('camera-toggle');
    await label(guest, 'camera-toggle', 'Video Off');
    await guest.press('camera-toggle');
    await label(guest, 'camera-toggle', 'Video On');
    await host.showsVideos(2);
  });

  it('sharing of the screen, seen by the other, and its end', async () => {
    await guest.press('screen-share-toggle');
    await host.page.locator('rtk-screenshare-view').waitFor();
    await host.screenshot('controls-screen');
    await guest.press('screen-share-toggle');
    await host.page.locator('rtk-screenshare-view').waitFor({ state: 'detached' });
  });

  it('full screen', async () => {
    const isFull = () => host.page.evaluate(() => document.fullscreenElement !== null);
    await host.press('fullscreen-toggle');
    await until('full screen', isFull);
    await host.press('fullscreen-toggle');
    await until('no full screen', async () => !(await isFull()));
  });

  it('the three pages of the settings', async () => {
    await host.press('settings-toggle');
    for (const page of ['Audio', 'Connection', 'Video']) {
      await host.dialog.locator('rtk-settings button').filter({ hasText: page }).click();
      await host.screenshot(`controls-settings-${page.toLowerCase()}`);
    }
    await host.dialog.locator('rtk-settings-video rtk-switch').first().click();
    await closeDialog();
  });

  it('a message is written and seen', async () => {
    await host.press('chat-toggle');
    await guest.press('chat-toggle');
    await host.page.locator('rtk-chat-composer-view textarea').fill('Hello Tom');
    await host.page.keyboard.press('Enter');
    const message = guest.page.locator('rtk-chat-messages-ui-paginated').getByText('Hello Tom').first();
    await message.waitFor();
    await host.screenshot('controls-chat');
  });

  it('a file is attached and sent', async () => {
    const chooser = guest.page.waitForEvent('filechooser');
    await guest.page.locator('rtk-file-picker-button rtk-button').first().click();
    await (await chooser).setFiles({
      name: 'notes.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('notes'),
    });
    await guest.page.locator('rtk-chat-composer-view rtk-button:visible').last().click();
    await host.page.locator('rtk-chat-messages-ui-paginated').getByText('notes.txt').first().waitFor();
  });

  it('a poll is made by the host and answered by the guest', async () => {
    await host.press('polls-toggle');
    await host.page.locator('rtk-polls > .create-poll rtk-button, rtk-polls rtk-button').last().click();
    await host.page.locator('rtk-poll-form textarea').fill('Tea or coffee?');
    const options = host.page.locator('rtk-poll-form input[placeholder]');
    await options.nth(0).fill('Tea');
    await options.nth(1).fill('Coffee');
    await host.page.locator('rtk-poll-form rtk-button').last().click();
    await guest.press('polls-toggle');
    await guest.page.locator('rtk-poll').getByText('Coffee', { exact: true }).click();
    await host.page.locator('rtk-poll .poll-answers').getByText('1', { exact: true }).waitFor();
    await host.screenshot('controls-poll');
    await guest.screenshot('controls-poll-guest');
  });

  it('the list of participants: search, requests, and what the menu of one does', async () => {
    await host.press('participants-toggle');
    const search = host.page.locator('rtk-participants').getByPlaceholder('Search');
    await search.fill('tom');
    await counts(host.page.locator('rtk-participants rtk-participant'), 1);
    await search.fill('');
    await counts(host.page.locator('rtk-participants rtk-participant'), 2);
    const tab = (name: RegExp) =>
      host.page.locator('rtk-participants button').filter({ hasText: name }).click();
    await tab(/requests/i);
    await tab(/participants/i);

    await inMenuOfTom('Pin');
    await host.screenshot('controls-pinned');
    await inMenuOfTom('Unpin');
    await inMenuOfTom('Mute');
    await label(guest, 'mic-toggle', 'Mic Off');
    await inMenuOfTom('Turn off video');
    await label(guest, 'camera-toggle', 'Video Off');
    await host.screenshot('controls-participants');
    await guest.press('mic-toggle');
    await guest.press('camera-toggle');
    await host.showsVideos(2);
  });

  it('the host takes microphone, camera and chat from all, and gives them back (the add-ons of the kit)', async () => {
    const switches = host.page.locator('rtk-participants rtk-switch');
    await counts(switches, 3);
    for (const index of [0, 1, 2]) await switches.nth(index).click();
    const button = (control: string) => guest.page.locator(`rtk-${control} rtk-controlbar-button`).first();
    for (const control of ['mic-toggle', 'camera-toggle']) await button(control).waitFor({ state: 'hidden' });
    await host.screenshot('controls-all-off');
    for (const index of [0, 1, 2]) await switches.nth(index).click();
    for (const control of ['mic-toggle', 'camera-toggle']) await button(control).waitFor();
    await guest.press('mic-toggle');
    await label(guest, 'mic-toggle', 'Mic On');
  });

  it('plugins, of which there are none', async () => {
    await host.press('plugins-toggle');
    await host.page.locator('rtk-plugins').waitFor();
    await host.screenshot('controls-plugins');
    await host.press('plugins-toggle');
  });

  it('what stands under More: picture in picture, trouble-shooting, mute all', async () => {
    await host.pressInMore('debugger-toggle');
    for (const page of ['Audio', 'Video', 'Screenshare', 'System']) {
      await host.dialog.locator('rtk-debugger button').filter({ hasText: page }).click();
    }
    await host.screenshot('controls-troubleshooting');
    await closeDialog();
    await host.pressInMore('mute-all-button');
    await host.dialog.locator('rtk-mute-all-confirmation rtk-button').last().click();
    await label(guest, 'mic-toggle', 'Mic Off');
    await host.pressInMore('pip-toggle');
  });

  it('a recording: begun and ended by the same button, shown to everybody, and there to be had (RC01, RC06, RC08)', async () => {
    const press = () => host.pressInMore('recording-toggle');
    const shown = [host, guest].map(({ page }) => page.locator('rtk-recording-indicator .indicator').first());
    const { accountId: account_id, appId: app_id, client } = stage.backend;
    const recording = async () => {
      const query = { account_id, meeting_id: meeting };
      return (await client.realtimeKit.recordings.getRecordings(app_id, query)).data[0];
    };
    expect(await guest.page.locator('rtk-recording-toggle rtk-controlbar-button').count()).toBe(0);
    await press();
    for (const indicator of shown) await indicator.waitFor();
    await host.screenshot('controls-recording');
    expect(await recording()).toMatchObject({ status: 'RECORDING' });
    await press();
    for (const indicator of shown) await indicator.waitFor({ state: 'detached' });
    const done = await until('the recording is there', async () => {
      const now = await recording();
      return now?.status === 'UPLOADED' && now;
    });
    const link = new URL(done.download_url!);
    const file = await fetch(`${stage.parley.httpUrl}${link.pathname}${link.search}`);
    expect((await file.arrayBuffer()).byteLength).toBe(done.file_size);
  });

  it('the host removes the guest, who is told', async () => {
    if (!(await rowOfTom().isVisible())) await host.press('participants-toggle');
    await inMenuOfTom('Kick');
    await guest.shows('You were removed from the meeting.');
    await guest.screenshot('controls-kicked');
  });

  it('none of it asked another host or broke the policy of the page', () => {
    for (const page of [host, guest]) {
      expect(page.violations).toEqual([]);
      expect(page.errors).toEqual([]);
      const addresses = page.requests.filter((address) => /^(https?|wss?):/.test(address));
      expect(addresses.filter((address) => !address.startsWith(stage.parley.httpUrl))).toEqual([]);
    }
  });
});
