import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserPeer, type PictureStats } from '../support/browser-peer.js';
import { NarrowLine } from '../support/narrow-line.js';
import { TestWorker } from '../support/worker.js';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const NARROW_BPS = 400_000;
const WIDE_BPS = 20_000_000;
/** The sender's own estimate grows first, and the receiver's first feedback has to come. */
const SETTLE_S = 8;
const WATCH_S = 20;
/** The camera makes 20 frames a second, on a machine that encodes and decodes three layers beside this test. */
const LEAST_FRAMES_PER_SECOND = 10;

function median(values: number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

describe.skipIf(!existsSync(EXECUTABLE))('a Chromium receiver on a line of its own', () => {
  let worker: TestWorker;
  let line: NarrowLine;
  let browser: Browser;
  let receiver: BrowserPeer;

  beforeAll(async () => {
    worker = await TestWorker.start();
    const [ready] = worker.events;
    line = await NarrowLine.open(ready?.type === 'ready' ? ready.port : 0, NARROW_BPS);
    browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ['--headless=new', '--no-sandbox', '--autoplay-policy=no-user-gesture-required'],
    });
    const roomId = randomUUID();
    const sender = await BrowserPeer.connect(browser, worker, {
      roomId,
      peerId: 'sender',
      direction: 'send',
    });
    const who = { roomId, peerId: 'receiver', direction: 'recv' } as const;
    receiver = await BrowserPeer.connect(browser, worker, who, (sdp) => line.redirect(sdp));
    await receiver.consume(await sender.produceCamera());
  });

  afterAll(async () => {
    await browser?.close();
    line?.close();
    await worker?.stop();
  });

  test('400 kbit/s carry a steady picture, without loss (media-engine 3.8)', async () => {
    await sleep(SETTLE_S * 1_000);
    const lostBefore = line.lostPackets;
    let previous = await receiver.picture();
    const seconds: { frames: number; stats: PictureStats }[] = [];
    for (let second = 0; second < WATCH_S; second += 1) {
      await sleep(1_000);
      const stats = await receiver.picture();
      seconds.push({ frames: stats.framesDecoded - previous.framesDecoded, stats });
      previous = stats;
    }
    expect(median(seconds.map(({ frames }) => frames))).toBeGreaterThanOrEqual(LEAST_FRAMES_PER_SECOND);
    expect(new Set(seconds.map(({ stats }) => stats.width))).toEqual(new Set([320]));
    expect(line.lostPackets - lostBefore).toBeLessThan(10);
  }, 60_000);

  test('the same line made wide brings a larger picture', async () => {
    line.bitsPerSecond = WIDE_BPS;
    await expect
      .poll(async () => (await receiver.picture()).width, { timeout: 90_000, interval: 1_000 })
      .toBeGreaterThanOrEqual(640);
  }, 100_000);
});
