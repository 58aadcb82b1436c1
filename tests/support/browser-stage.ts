import type { Browser } from 'playwright-core';
import { type Backend, backendOf, type TestParticipant } from './backend.js';
import { type BrowserOrigin, startBrowserOrigin } from './browser-origin.js';
import { type InitOptions, type SdkPage, sdkPage } from './browser-sdk-page.js';
import { launchChromium } from './chromium.js';
import { type ParleyOptions, type ParleyProcess, startParley } from './parley-process.js';

/** A person in front of a browser: participant and page. */
export interface Person extends SdkPage {
  id: string;
  token: string;
}

/** For tests that are not about pictures and sound. */
export const WITHOUT_DEVICES: InitOptions = { audio: false, video: false };

/** Everything that a test of two people in a meeting needs, and its end. */
export interface Stage {
  parley: ParleyProcess;
  backend: Backend;
  browser: Browser;
  origin: BrowserOrigin;
  /** Adds a participant and opens a page for it; nothing has been called on the SDK yet. */
  arrive(meetingId: string, name: string, preset: string): Promise<Person>;
  /** Another page of a participant that exists. */
  openPage(participant: TestParticipant): Promise<Person>;
  /** `arrive`, then `init` and `join`, both of which must work. */
  enter(meetingId: string, name: string, preset: string, options?: InitOptions): Promise<Person>;
  /** Closes the pages that were opened since the last call. */
  clear(): Promise<void>;
  dispose(): Promise<void>;
}

export async function setUpStage(options: ParleyOptions = {}): Promise<Stage> {
  const parley = await startParley(options);
  const backend = await backendOf(parley);
  const browser = await launchChromium();
  const origin = await startBrowserOrigin();
  let people: Person[] = [];

  const openPage: Stage['openPage'] = async ({ id, token }) => {
    const page = await sdkPage(browser, { token, baseURI: parley.baseDomain, originUrl: origin.url });
    const person = { ...page, id, token };
    people.push(person);
    return person;
  };
  const arrive: Stage['arrive'] = async (meetingId, name, preset) =>
    openPage(await backend.addParticipant(meetingId, name, preset));

  return {
    parley,
    backend,
    browser,
    origin,
    openPage,
    arrive,
    async enter(meetingId, name, preset, initOptions) {
      const person = await arrive(meetingId, name, preset);
      for (const step of ['init', 'join'] as const) {
        const outcome = await person[step](initOptions);
        if (!outcome.ok) {
          throw new Error(
            `${name}: ${step} failed with ${outcome.code}: ${outcome.message}\n${parley.log()}`,
          );
        }
      }
      return person;
    },
    async clear() {
      const leaving = people;
      people = [];
      await Promise.all(leaving.map((person) => person.close()));
    },
    async dispose() {
      await browser.close();
      await origin.close();
      await parley.dispose();
    },
  };
}
