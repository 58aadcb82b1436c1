import type { Browser } from 'playwright-core';
import { type Backend, backendOf } from './backend.js';
import { type MeetingPage, openMeetingPage } from './browser-meeting-page.js';
import { launchChromium } from './chromium.js';
import { type ParleyOptions, type ParleyProcess, startParley } from './parley-process.js';

/** A real server, and a newcomer's browser, which does not know its certificate authority, for people in the UI Kit. */
export interface KitStage {
  parley: ParleyProcess;
  backend: Backend;
  browser: Browser;
  /** Adds a participant, opens the meeting page for it, and joins. */
  enter(meetingId: string, name: string, preset?: string): Promise<MeetingPage>;
  dispose(): Promise<void>;
}

export async function setUpKitStage(options: ParleyOptions = {}): Promise<KitStage> {
  const parley = await startParley(options);
  const backend = await backendOf(parley);
  const browser = await launchChromium({ trustCertificates: false });
  return {
    parley,
    backend,
    browser,
    async enter(meetingId, name, preset = 'group_call_participant') {
      const { token } = await backend.addParticipant(meetingId, name, preset);
      const page = await openMeetingPage(browser, `${parley.httpUrl}/meet?authToken=${token}`);
      await page.join();
      return page;
    },
    async dispose() {
      await browser.close();
      await parley.dispose();
    },
  };
}
