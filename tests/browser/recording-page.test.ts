import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backend, backendOf } from '../support/backend.js';
import { chromiumIsInstalled, launchChromium } from '../support/chromium.js';
import { type ParleyProcess, serverIsBuilt, startParley } from '../support/parley-process.js';
import { picturesOf } from '../support/pictures.js';
import { until } from '../support/until.js';

const SIZE = { width: 640, height: 360 };
const WATERMARK = { width: 80, height: 40 };
/** The distance of a watermark from the edges. */
const MARGIN_PX = 16;
const [FAR_X, FAR_Y] = [SIZE.width - MARGIN_PX - WATERMARK.width, SIZE.height - MARGIN_PX - WATERMARK.height];

/** What a recorder would capture, without one. The recording that is really made of it is in recording.test.ts. */
describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the recording page', () => {
  let parley: ParleyProcess;
  let backend: Backend;
  let browser: Browser;
  let images: Server;

  beforeAll(async () => {
    parley = await startParley();
    backend = await backendOf(parley);
    browser = await launchChromium();
    images = createServer(({ url }, response) => {
      if (url === '/moved') {
        response.statusCode = 302;
        response.setHeader('location', '/image');
      }
      response.setHeader('access-control-allow-origin', '*');
      response.setHeader('content-type', 'image/svg+xml');
      response.end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"/>');
    });
    await new Promise<void>((listening) => images.listen(0, '127.0.0.1', listening));
  });
  afterAll(async () => {
    images?.close();
    await browser?.close();
    await parley?.dispose();
  });

  const open = async (authToken: string, watermark?: object): Promise<Page> => {
    const page = await browser.newPage({ viewport: SIZE });
    const config = JSON.stringify({ video_config: { watermark } });
    await page.goto(`${parley.httpUrl}/record#${new URLSearchParams({ authToken, config })}`);
    return page;
  };
  const imageUrl = (path: string) => `http://127.0.0.1:${(images.address() as AddressInfo).port}${path}`;

  it.each([
    ['left top', MARGIN_PX, MARGIN_PX],
    ['right top', FAR_X, MARGIN_PX],
    ['left bottom', MARGIN_PX, FAR_Y],
    ['right bottom', FAR_X, FAR_Y],
  ])('puts a watermark %s (RC24)', async (position, x, y) => {
    const page = await open('nobody', { url: imageUrl('/image'), position, size: WATERMARK });
    const image = page.locator('img.watermark');
    await image.waitFor();
    expect(await image.boundingBox()).toEqual({ x, y, ...WATERMARK });
    await page.close();
  });

  it('shows its meeting without an image whose address redirects, and nothing at all while the session is out of reach (RC24)', async () => {
    const meeting = await backend.newMeeting();
    const { token } = await backend.addParticipant(meeting, 'Mary', 'group_call_host');
    const page = await browser.newPage({ viewport: SIZE });
    const told: string[] = [];
    await page.routeWebSocket('ws://localhost:8080/ws', (recorder) => {
      recorder.onMessage((message) => void told.push(message.toString()));
    });
    // As a recorder that has it loaded before there is something to record.
    await page.goto(`${parley.httpUrl}/record`);
    const config = JSON.stringify({ video_config: { watermark: { url: imageUrl('/moved') } } });
    await page.goto(`${parley.httpUrl}/record#${new URLSearchParams({ authToken: token, config })}`);
    await until('it asks to be recorded', () => told.length > 0);
    expect(told).toEqual([JSON.stringify({ type: 'StartRecording' })]);
    expect(await page.locator('img.watermark').count()).toBe(0);
    const shown = async () => {
      const path = join(parley.dataDir, 'page.png');
      await page.screenshot({ path });
      return (await picturesOf(path, 25, SIZE))[0]!.bounds('light');
    };
    await until('Mary is shown', shown);

    await parley.stop();
    await page.locator('body.without-session').waitFor();
    expect(await shown()).toBeNull();
    await parley.start();
    await until('the meeting is shown again', shown);
    await page.close();
  });
});
