import { HeadlessPeer } from '@parley/headless';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitStage, setUpKitStage } from '../support/browser-kit-stage.js';
import type { MeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** The most that a preset may show on one page, oneself among them. */
const TILES_MAX = 100;
const CROWD = TILES_MAX - 1;
/** How many come in side by side. */
const AT_ONCE = 9;
/** What the default presets show of others on one page. */
const USUAL = 6;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a hundred people in the UI Kit', () => {
  let stage: KitStage;
  let meeting: string;
  const crowd: HeadlessPeer[] = [];

  const enter = async (number: number) => {
    const name = `Guest ${number}`;
    const { token } = await stage.backend.addParticipant(meeting, name, 'group_call_participant');
    const peer = new HeadlessPeer({
      url: `${stage.parley.httpUrl.replace('http', 'ws')}/ws`,
      token,
      displayName: name,
    });
    crowd.push(peer);
    await peer.connect();
    await peer.join();
  };

  beforeAll(async () => {
    stage = await setUpKitStage();
    const maxVideoStreams = { desktop: TILES_MAX, mobile: TILES_MAX };
    await stage.backend.newPreset('wall', 'group_call_host', {}, { max_video_streams: maxVideoStreams });
    meeting = await stage.backend.newMeeting({ title: 'Assembly' });
    const numbers = Array.from({ length: CROWD }, (_, index) => index + 1);
    while (numbers.length > 0) await Promise.all(numbers.splice(0, AT_ONCE).map(enter));
  });
  afterAll(async () => {
    for (const peer of crowd) peer.drop();
    await stage?.dispose();
  });

  const tiles = (page: MeetingPage) => page.page.locator('rtk-grid rtk-participant-tile');
  /** Each name once; a tile holds it twice. */
  const names = async (page: MeetingPage) => [
    ...new Set(await tiles(page).locator('rtk-name-tag .name').allInnerTexts()),
  ];

  it('one page shows all of them where the preset allows it (V07)', async () => {
    const wall = await stage.enter(meeting, 'Mary', 'wall');
    await until('all tiles', async () => (await names(wall)).length === TILES_MAX);
    await wall.screenshot('crowd-wall');
    await wall.page.locator('rtk-hand-raise-toggle').first().waitFor();
    expect(await tiles(wall).count()).toBe(TILES_MAX);
    expect(wall.errors).toEqual([]);
    await wall.close();
  });

  it('pages of the usual size show each of them once (V03)', async () => {
    const page = await stage.enter(meeting, 'Tom', 'group_call_participant');
    const pages = Math.ceil(CROWD / USUAL);
    const seen = new Set<string>();
    for (let number = 1; number <= pages; number++) {
      await page.page.locator('rtk-grid-pagination .next').first().click();
      await page.page
        .locator('rtk-grid-pagination .page')
        .first()
        .getByText(`${number}`, { exact: true })
        .waitFor();
      await until(`page ${number}`, async () => {
        const shown = (await names(page)).filter((name) => name.startsWith('Guest'));
        return (
          shown.length > 0 && !shown.some((name) => seen.has(name)) && shown.map((name) => seen.add(name))
        );
      });
    }
    expect(seen.size).toBe(CROWD);
    await page.screenshot('crowd-last-page');
  });
});
