import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from './until.js';

const SCREENSHOTS_DIR = fileURLToPath(new URL('../../test-results/meeting-page/', import.meta.url));

/** The official UI Kit at `/meet`, driven by its own buttons. */
export interface MeetingPage {
  page: Page;
  context: BrowserContext;
  /** Addresses that the content security policy stopped. */
  violations: string[];
  /** Every address that the page asked for. */
  requests: string[];
  /** Uncaught errors of the page. */
  errors: string[];
  /** Presses "Join" on the setup screen and waits for the controls of the meeting. */
  join(): Promise<void>;
  /** Waits until that many tiles show a moving picture. */
  showsVideos(count: number): Promise<void>;
  /** Presses the kit's leave button, then the button of that label in its dialog. */
  leave(choice: RegExp): Promise<void>;
  /** Waits until the kit shows this text anywhere. */
  shows(text: string | RegExp): Promise<void>;
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

export async function openMeetingPage(browser: Browser, url: string): Promise<MeetingPage> {
  const context = await browser.newContext({
    permissions: ['camera', 'microphone'],
    viewport: { width: 1280, height: 720 },
  });
  const page = await context.newPage();
  const violations: string[] = [];
  const requests: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.exposeFunction('noteViolation', (address: string) => violations.push(address));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      (window as unknown as { noteViolation(address: string): void }).noteViolation(
        `${event.effectiveDirective} ${event.blockedURI}`,
      );
    });
  });
  await page.goto(url);

  return {
    page,
    context,
    violations,
    requests,
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
