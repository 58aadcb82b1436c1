import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, backendOf } from '../support/backend.js';
import { type MeetingPage, openMeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled, launchChromium } from '../support/chromium.js';
import { outsideHostsOf } from '../support/chromium-net-log.js';
import { type ParleyProcess, serverIsBuilt, startParley } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** A logo of a preset: any address that a picture may have. */
const LOGO =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 width=%2296%22 height=%2226%22%3E%3Crect width=%2296%22 height=%2226%22 fill=%22%23b00060%22/%3E%3C/svg%3E';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the meeting page', () => {
  let parley: ParleyProcess;
  let backend: Backend;
  /** A newcomer's browser, which does not know the certificate authority of the server. */
  let newcomer: Browser;
  let netLogDir: string;
  let pages: MeetingPage[] = [];

  beforeAll(async () => {
    netLogDir = mkdtempSync(join(tmpdir(), 'parley-net-log-'));
    parley = await startParley();
    backend = await backendOf(parley);
    newcomer = await launchChromium({ trustCertificates: false, netLogPath: join(netLogDir, 'log.json') });
    await backend.newPreset('knocks', 'group_call_participant', { waiting_room_type: 'SKIP_ON_ACCEPT' });
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
  });
  afterAll(async () => {
    await newcomer?.close();
    await parley?.dispose();
    rmSync(netLogDir, { recursive: true, force: true });
  });

  const open = async (browser: Browser, url: string, options?: BrowserContextOptions) => {
    const page = await openMeetingPage(browser, url, options);
    pages.push(page);
    return page;
  };
  const linkFor = async (meeting: string, name: string, preset: string, origin = parley.httpUrl) => {
    const participant = await backend.addParticipant(meeting, name, preset);
    return { ...participant, link: `${origin}/meet?authToken=${participant.token}` };
  };
  const twoInside = async () => {
    const meeting = await backend.newMeeting({ title: 'Weekly' });
    const mary = await linkFor(meeting, 'Mary', 'group_call_host');
    const tom = await linkFor(meeting, 'Tom', 'group_call_participant');
    const host = await open(newcomer, mary.link);
    const guest = await open(newcomer, tom.link);
    await host.join();
    await guest.join();
    return { meeting, mary, tom, host, guest };
  };

  it('lets a newcomer in on the plain port with nothing to accept, and two see each other', async () => {
    const { host, guest } = await twoInside();
    await host.showsVideos(2);
    await guest.showsVideos(2);
    await host.screenshot('joined-host');
    await guest.screenshot('joined-guest');
    expect(host.violations).toEqual([]);
    expect(host.errors).toEqual([]);
    expect(
      host.requests.filter((address) => !address.startsWith(parley.httpUrl) && /^https?:/.test(address)),
    ).toEqual([]);
  });

  it('uses the hosts that the SDK derives when it is opened over TLS (S20)', async () => {
    const trusting = await launchChromium();
    try {
      const meeting = await backend.newMeeting();
      const origin = `https://${parley.baseDomain}`;
      const host = await open(trusting, (await linkFor(meeting, 'Mary', 'group_call_host', origin)).link);
      const guest = await open(
        trusting,
        (await linkFor(meeting, 'Tom', 'group_call_participant', origin)).link,
      );
      await host.join();
      await guest.join();
      await host.showsVideos(2);
      expect(host.requests.some((address) => address.startsWith(`https://api.${parley.baseDomain}/`))).toBe(
        true,
      );
      expect(host.violations).toEqual([]);
    } finally {
      await Promise.all(pages.splice(0).map((page) => page.close()));
      await trusting.close();
    }
  });

  it('shows the setup screen, the title of the meeting and the name first (L15)', async () => {
    const meeting = await backend.newMeeting({ title: 'Board meeting' });
    const { link } = await linkFor(meeting, 'Mary', 'group_call_host');
    const page = await open(newcomer, link);
    await page.page.locator('rtk-setup-screen').waitFor();
    await page.shows('Board meeting');
    await page.screenshot('setup');
    expect(await page.page.title()).toBe('Board meeting');
  });

  it('wears the theme, the colours and the logo of the preset (P14)', async () => {
    const [brand, light, dark] = ['#b00060', '#f4f4f4', '#202020'];
    const shades = (colour: string, names: number[]) =>
      Object.fromEntries(names.map((name) => [`${name}`, colour]));
    await backend.newPreset(
      'daylight',
      'group_call_participant',
      {},
      {},
      {
        design_tokens: {
          theme: 'light',
          logo: LOGO,
          colors: {
            brand: shades(brand, [300, 400, 500, 600, 700]),
            background: shades(light, [600, 700, 800, 900, 1000]),
            danger: '#ff2d2d',
            success: '#62a504',
            warning: '#ffcd07',
            text: dark,
            text_on_brand: light,
            video_bg: '#dddddd',
          },
        },
      },
    );
    const { link } = await linkFor(await backend.newMeeting(), 'Mary', 'daylight');
    const page = await open(newcomer, link);
    await page.page.locator('rtk-setup-screen').waitFor();
    await page.screenshot('light-setup');
    await page.join();
    await page.showsVideos(1);
    await page.screenshot('light-joined');
    const logo = page.page.locator('rtk-header rtk-logo img');
    expect(await logo.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBeGreaterThan(0);
    expect(await logo.getAttribute('src')).toBe(LOGO);
    const colours = await page.page.locator('rtk-meeting').evaluate((meeting) => {
      const style = getComputedStyle(meeting);
      return {
        behind: style.backgroundColor,
        brand: style.getPropertyValue('--rtk-colors-brand-500').trim(),
      };
    });
    expect(colours).toEqual({ behind: 'rgb(244, 244, 244)', brand: '176 0 96' });
    await page.page.locator('rtk-leave-button').first().click();
    await page.screenshot('light-leave');
  });

  it('has its controls within reach on a telephone', async () => {
    const meeting = await backend.newMeeting({ title: 'Weekly' });
    const { link } = await linkFor(meeting, 'Mary', 'group_call_host');
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
    const page = await open(newcomer, link, phone);
    await page.page.locator('rtk-setup-screen').waitFor();
    await page.screenshot('phone-setup');
    await page.join();
    await page.showsVideos(1);
    const lastButton = page.page.locator('rtk-reaction-picker').first();
    await until('the last button', async () => {
      const { x, width } = (await lastButton.boundingBox()) ?? { x: 390, width: 0 };
      return x + width <= 390;
    });
    await page.screenshot('phone-joined');
    await page.press('more-toggle');
    await page.screenshot('phone-more');
    await page.press('chat-toggle');
    await page.page.locator('rtk-chat-composer-view textarea').fill('Hello');
    await page.screenshot('phone-chat');
    expect(await page.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });

  it('the host ends the meeting for all by the button of the kit; both see the ended screen (UI04, E12)', async () => {
    const { host, guest } = await twoInside();
    await guest.page.locator('rtk-leave-button').first().click();
    await guest.page.locator('rtk-leave-meeting').waitFor();
    expect(await guest.page.locator('rtk-leave-meeting rtk-button').filter({ hasText: /all/i }).count()).toBe(
      0,
    );
    await guest.page.keyboard.press('Escape');

    await host.leave(/all/i);
    await host.shows('The meeting ended.');
    await guest.shows('The meeting ended.');
    await guest.screenshot('ended');
  });

  it('shows who left that he left', async () => {
    const { guest } = await twoInside();
    await guest.leave(/^Leave$/);
    await guest.shows('You left the meeting.');
    await guest.screenshot('left');
  });

  it('shows who was kicked that he was removed', async () => {
    const { meeting, tom, guest } = await twoInside();
    await backend.kick(meeting, tom.id);
    await guest.shows('You were removed from the meeting.');
    await guest.screenshot('kicked');
  });

  it('shows the waiting room, and the denial (W01, W07)', async () => {
    const meeting = await backend.newMeeting();
    const host = await open(newcomer, (await linkFor(meeting, 'Mary', 'group_call_host')).link);
    await host.join();
    const guest = await open(newcomer, (await linkFor(meeting, 'Tom', 'knocks')).link);
    await guest.page.locator('rtk-setup-screen rtk-button').getByText('Join', { exact: true }).click();
    await guest.shows('You are in the waiting room, the host will let you in soon.');
    await guest.screenshot('waiting');

    await host.page.locator('rtk-participants-toggle').first().click();
    await host.page
      .locator('rtk-participants button')
      .filter({ hasText: /requests/i })
      .click();
    await host.screenshot('host-with-request');
    await host.page.locator('rtk-participants-waiting-list rtk-button').first().click();
    await guest.shows('Your request to join the meeting was denied.');
    await guest.screenshot('rejected');
  });

  it('shows the failure screen of the kit for a token that is refused (S08, S22)', async () => {
    const meeting = await backend.newMeeting();
    const { link } = await linkFor(meeting, 'Mary', 'group_call_host');
    await backend.setStatus(meeting, 'INACTIVE');
    const page = await open(newcomer, link);
    await page.shows(/couldn't verify your access/);
    await page.shows('0004');
    await page.screenshot('refused');
  });

  it('says what is missing when the link has no token', async () => {
    const page = await open(newcomer, `${parley.httpUrl}/meet`);
    await page.shows('This link has no participant token.');
  });

  it('gives a way in without a token on a local server', async () => {
    const meeting = await backend.newMeeting();
    const page = await open(newcomer, `${parley.httpUrl}/meet/${meeting}/demo?as=host`);
    await page.join();
    await page.showsVideos(1);
    expect(page.page.url()).toContain('/meet?authToken=');
  });

  it('fills the emoji picker from its own host', async () => {
    const { host } = await twoInside();
    await host.page.locator('rtk-chat-toggle').first().click();
    await host.page.locator('rtk-emoji-picker-button rtk-button').click();
    await host.page
      .locator('rtk-emoji-picker')
      .getByPlaceholder(/search/i)
      .fill('thumbs up');
    await host.page.locator('rtk-emoji-picker rtk-button.emoji').getByText('👍').waitFor();
    await host.screenshot('emoji-picker');
    expect(host.violations).toEqual([]);
  });

  it('a raised hand and a reaction reach the other by the add-ons of the kit (UI07)', async () => {
    const { host, guest } = await twoInside();
    await guest.page.locator('rtk-hand-raise-toggle').first().click();
    await host.page.locator('rtk-participants-toggle').first().click();
    await host.page.locator('rtk-hand-raised-list').getByText('Tom').waitFor();

    await guest.page.locator('rtk-reaction-picker').first().click();
    await guest.page.locator('rtk-reaction-picker').getByText('👍').first().click();
    await host.page.locator('rtk-reaction-badge').getByText('👍').first().waitFor();
    await host.screenshot('hand-and-reaction');
    await guest.close();
    await host.page.locator('rtk-participant-tile').filter({ hasText: 'Tom' }).waitFor({ state: 'detached' });
    expect([...host.violations, ...guest.violations]).toEqual([]);
    expect([...host.errors, ...guest.errors]).toEqual([]);
  });

  it('stops the link that would carry the token to another host', async () => {
    const { host } = await twoInside();
    const opened: string[] = [];
    host.context.on('page', (page) => opened.push(page.url()));
    const stopped = await host.page.evaluate(() => {
      const link = document.createElement('a');
      link.href = 'https://test.realtime.cloudflare.com?authToken=secret';
      link.target = '_blank';
      document.body.append(link);
      return !link.dispatchEvent(
        new MouseEvent('click', { bubbles: true, composed: true, cancelable: true }),
      );
    });
    expect(stopped).toBe(true);
    expect(opened).toEqual([]);
  });

  // Stands last: the log of Chromium is complete only after its end.
  it('never looked up or asked a host beyond this machine', async () => {
    await newcomer.close();
    expect(outsideHostsOf(join(netLogDir, 'log.json'))).toEqual([]);
  });
});
