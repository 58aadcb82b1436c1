import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KitStage, setUpKitStage } from '../support/browser-kit-stage.js';
import type { MeetingPage } from '../support/browser-meeting-page.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

const ffmpegIsInstalled = existsSync('/usr/bin/ffmpeg');
/** A recorder's browser has to start on a machine that is busy with two pages. */
const LIVE_WITHIN_MS = 60_000;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt || !ffmpegIsInstalled)(
  'a livestream in the UI Kit',
  () => {
    let stage: KitStage;
    let host: MeetingPage;
    let viewer: MeetingPage;

    beforeAll(async () => {
      stage = await setUpKitStage();
      const meeting = await stage.backend.newMeeting({ title: 'On air' });
      host = await stage.enter(meeting, 'Hal', 'livestream_host');
      viewer = await stage.enter(meeting, 'Vera', 'livestream_viewer');
    });
    afterAll(() => stage?.dispose());

    const player = () => viewer.page.locator('rtk-livestream-player');
    const played = () =>
      player()
        .locator('video')
        .evaluate((video: HTMLVideoElement) => ({
          seconds: video.currentTime,
          frames: video.getVideoPlaybackQuality().totalVideoFrames,
        }));
    const toggle = () => host.page.locator('rtk-livestream-toggle rtk-controlbar-button').first();

    it('the host goes live by its button, and the page of the viewer plays it (LS01, LS07, LS08)', async () => {
      await viewer.page.locator('rtk-viewer-count[aria-label^="2 "]').first().waitFor();
      await toggle().click();
      const before = await until(
        'the picture moves',
        async () => {
          const now = await played();
          return now.frames > 5 && now.seconds > 0 && now;
        },
        LIVE_WITHIN_MS,
      );
      await until('the picture goes on', async () => {
        const now = await played();
        return now.seconds > before.seconds + 1 && now.frames > before.frames + 10;
      });
      await viewer.page.locator('rtk-livestream-indicator').getByText('LIVE').first().waitFor();
      await viewer.screenshot('livestream-viewer');
      await host.screenshot('livestream-host');
      expect(await viewer.page.locator('rtk-participant-tile').count()).toBe(0);
    });

    it('it ends by the same button', async () => {
      await toggle().click();
      await player().getByText('Waiting to go live.').waitFor();
      expect(await viewer.page.locator('rtk-livestream-indicator').getByText('LIVE').count()).toBe(0);
      await viewer.screenshot('livestream-over');
    });

    it('none of it asked another host or broke the policy of the page', () => {
      for (const page of [host, viewer]) {
        expect(page.violations).toEqual([]);
        const addresses = page.requests.filter((address) => /^(https?|wss?):/.test(address));
        expect(addresses.filter((address) => !address.startsWith(stage.parley.httpUrl))).toEqual([]);
      }
    });
  },
);
