import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ClientEvent, decodeFrame } from '@parley/wire';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { keepPeerConnections } from './browser-in-page.js';
import { until } from './until.js';

const SCREENSHOTS_DIR = fileURLToPath(new URL('../../test-results/meeting-page/', import.meta.url));

/** What the kit throws as it is published, whatever the server does. */
const FAULTS_OF_THE_KIT = [
  // The selector of private chats has no list where private chat is not allowed, and adds people to it all the same.
  "Cannot read properties of undefined (reading 'onNewNode')",
  "Cannot read properties of undefined (reading 'onNodeDelete')",
  // An element gets something else to play before it has begun with the last; the kit waits for no answer of `play()`.
  'The play() request was interrupted',
  // The SDK asks for other layers two seconds after a tile has changed, also when it has moved to a room meanwhile.
  "Cannot read properties of undefined (reading 'switchConsumersToLayer')",
  // The host controls write to their stores as often as they are pressed; the SDK takes five writes in a second.
  '[ERR0013]: {Client} Rate Limited',
];

/** A control that has not come into a menu by then is not in it. */
const IN_MENU_MS = 3_000;

/** The official UI Kit at `/meet`, driven by its own buttons. */
export interface MeetingPage {
  page: Page;
  context: BrowserContext;
  /** Addresses that the content security policy stopped. */
  violations: string[];
  /** Every address that the page asked for. */
  requests: string[];
  /** How often the page has sent this request on its socket. */
  asked(event: ClientEvent): number;
  /** Uncaught errors of the page but for those that the kit throws by itself. */
  errors: string[];
  /** Presses "Join" on the setup screen and waits for the controls of the meeting. */
  join(): Promise<void>;
  /** Waits until that many tiles show a moving picture. */
  showsVideos(count: number): Promise<void>;
  /** Waits until that many others are heard from now on. */
  hears(count: number): Promise<void>;
  /** Presses a control of the kit by the name of its element without `rtk-`. */
  press(control: string): Promise<void>;
  /** Presses a control that stands under "More", or beside it where there is room. */
  pressInMore(control: string): Promise<void>;
  /** Opens the menu of a participant's row or of a message. */
  openMenu(where: Locator): Promise<void>;
  /** Opens that menu unless it is open, and chooses an item. */
  choose(where: Locator, item: string): Promise<void>;
  /** What the kit shows over everything else. */
  dialog: Locator;
  /** Presses the kit's leave button, then the button of that label in its dialog. */
  leave(choice: RegExp): Promise<void>;
  /** Waits until the kit shows this text anywhere. */
  shows(text: string | RegExp): Promise<void>;
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function openMeetingPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<MeetingPage> {
  const context = await browser.newContext({
    permissions: ['camera', 'microphone'],
    viewport: { width: 1280, height: 720 },
    ...options,
  });
  const page = await context.newPage();
  const violations: string[] = [];
  const requests: string[] = [];
  const errors: string[] = [];
  const asked = new Map<number, number>();
  page.on('request', (request) => requests.push(request.url()));
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      if (typeof payload === 'string') return;
      const { event } = decodeFrame(payload);
      asked.set(event, (asked.get(event) ?? 0) + 1);
    }),
  );
  page.on('pageerror', ({ message }) => {
    if (!FAULTS_OF_THE_KIT.some((fault) => message.startsWith(fault))) errors.push(message);
  });
  await page.exposeFunction('noteViolation', (address: string) => violations.push(address));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      (window as unknown as { noteViolation(address: string): void }).noteViolation(
        `${event.effectiveDirective} ${event.blockedURI}`,
      );
    });
  });
  await page.addInitScript(keepPeerConnections);
  await page.goto(url);

  const press: MeetingPage['press'] = (control) => page.locator(`rtk-${control}`).first().click();
  const openMenu: MeetingPage['openMenu'] = async (where) => {
    // A message has its button only while the pointer is over its text.
    await where.or(where.locator('.bubble')).last().hover();
    await where.locator('rtk-button, button.actions').last().click();
  };
  return {
    page,
    context,
    violations,
    requests,
    asked: (event) => asked.get(event) ?? 0,
    errors,
    async join() {
      await page.locator('rtk-setup-screen rtk-button').getByText('Join', { exact: true }).click();
      await page.locator('rtk-leave-button').first().waitFor();
    },
    async showsVideos(count) {
      await until(`${count} moving pictures`, async () => {
        const [before, after] = [await playedFrames(page), await afterAMoment(page)];
        return after.filter((frames, index) => frames > (before[index] ?? 0)).length >= count;
      });
    },
    async hears(count) {
      await until(`${count} others are heard`, async () => {
        const before = await heardEnergies(page);
        await page.waitForTimeout(500);
        const after = await heardEnergies(page);
        return Object.entries(after).filter(([id, energy]) => energy > (before[id] ?? 0)).length >= count;
      });
    },
    press,
    async pressInMore(control) {
      const wanted = page.locator(`rtk-${control}`).first();
      // The menu may be open still, or about to close: its button toggles whatever it is.
      await until(`${control} pressed under More`, async () => {
        if (!(await wanted.isVisible())) await press('more-toggle');
        return wanted.click({ timeout: IN_MENU_MS }).then(
          () => true,
          () => false,
        );
      });
    },
    openMenu,
    async choose(where, item) {
      const wanted = where.locator('rtk-menu-item').getByText(item, { exact: true });
      // The menu stays open after a choice.
      if (!(await wanted.isVisible())) await openMenu(where);
      await wanted.click();
    },
    dialog: page.locator('rtk-dialog-manager rtk-dialog'),
    async leave(choice) {
      await page.locator('rtk-leave-button').first().click();
      await page.locator('rtk-leave-meeting rtk-button').filter({ hasText: choice }).click();
    },
    async shows(text) {
      await page.getByText(text).first().waitFor();
    },
    async screenshot(name) {
      mkdirSync(SCREENSHOTS_DIR, { recursive: true });
      await page.screenshot({ path: `${SCREENSHOTS_DIR}${name}.png` });
    },
    close: () => context.close(),
  };
}

/** Waits until that many are there. */
export async function counts(locator: Locator, count: number): Promise<void> {
  await until(`${count} of them`, async () => (await locator.count()) === count);
}

/** Frames that each participant tile has shown. */
function playedFrames(page: Page): Promise<number[]> {
  return page
    .locator('rtk-participant-tile video')
    .evaluateAll((videos) =>
      videos.map((video) => (video as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames),
    );
}

async function afterAMoment(page: Page): Promise<number[]> {
  await page.waitForTimeout(500);
  return playedFrames(page);
}

/** Squared sound of each audio stream that has come in, by the id of its statistics. */
function heardEnergies(page: Page): Promise<Record<string, number>> {
  return page.evaluate(async () => {
    const energies: Record<string, number> = {};
    for (const connection of window.peerConnections) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'inbound-rtp' && report.kind === 'audio') {
          energies[report.id] = report.totalAudioEnergy ?? 0;
        }
      }
    }
    return energies;
  });
}
