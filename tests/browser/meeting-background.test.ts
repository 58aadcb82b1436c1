import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitStage, setUpKitStage } from '../support/browser-kit-stage.js';
import type { MeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { proves } from '../support/proves.js';
import { until } from '../support/until.js';

/** How far the colours of two pictures must lie apart, of 765, to be taken for different pictures. */
const FAR_APART = 120;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('video backgrounds of the UI Kit', () => {
  let stage: KitStage;
  let tom: MeetingPage;
  let ann: MeetingPage;

  beforeAll(async () => {
    stage = await setUpKitStage();
    const meeting = await stage.backend.newMeeting();
    [tom, ann] = [await stage.enter(meeting, 'Tom'), await stage.enter(meeting, 'Ann')];
    await ann.showsVideos(2);
  });
  afterAll(() => stage?.dispose());

  /** Mean colour of the upper left quarter of Tom's picture, as Ann sees it. */
  const colourOfTom = () =>
    ann.page
      .locator('rtk-participant-tile')
      .filter({ hasText: 'Tom' })
      .locator('video')
      .evaluate((element) => {
        const video = element as HTMLVideoElement;
        const canvas = new OffscreenCanvas(1, 1).getContext('2d')!;
        canvas.drawImage(video, 0, 0, video.videoWidth / 2, video.videoHeight / 2, 0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      });
  const distance = (one: number[], other: number[]) =>
    one.reduce((sum, value, index) => sum + Math.abs(value - other[index]!), 0);
  const changer = () => tom.page.locator('rtk-background-changer');

  const ITEMS = proves('SelfMedia.setVideoMiddlewareGlobalConfig');

  it('are switched on and off by the button of the add-on, and the others see it (UI07)', ITEMS, async () => {
    const before = await colourOfTom();
    await tom.page.locator('rtk-controlbar-button#effects').first().click();
    await tom.screenshot('background-choice');
    await changer().locator('img').first().click();
    await changer().locator('img.highlighted').waitFor();
    await until('another picture', async () => distance(before, await colourOfTom()) > FAR_APART);
    await changer().locator('#dismiss-btn').click();
    await ann.showsVideos(2);
    await tom.screenshot('background-on');

    await tom.page.locator('rtk-controlbar-button#effects').first().click();
    await changer().locator('.js-no-middleware').first().click();
    await until('the old picture', async () => distance(before, await colourOfTom()) < FAR_APART / 2);
  });

  it('load their model from this server alone', () => {
    const addresses = tom.requests.filter((address) => /^https?:/.test(address));
    expect(addresses.some((address) => address.endsWith('.tflite'))).toBe(true);
    expect(addresses.filter((address) => !address.startsWith(stage.parley.httpUrl))).toEqual([]);
    expect(tom.violations).toEqual([]);
    expect(tom.errors).toEqual([]);
  });
});
