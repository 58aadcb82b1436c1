import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PageState } from '../../src/browser/page/page-state.js';
import type { RecorderBrowser } from '../../src/browser/recorder-browser.js';
import { PageWatch } from '../../src/page-watch.js';

const CALM: PageState = { wantsRecording: true, isConnected: true, hearsSound: false };

let state: PageState | null;
let reloads: number;
let told: unknown[];
let watch: PageWatch;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  state = CALM;
  reloads = 0;
  told = [];
  const browser = { state: async () => state };
  watch = new PageWatch(browser as unknown as RecorderBrowser, {
    onGap: (gap) => told.push(gap),
    onSound: () => told.push('sound'),
    onStop: (reason) => told.push(reason),
    reload: async () => {
      reloads += 1;
    },
  });
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the watch over the recorded page', () => {
  it('says nothing of a page that shows its meeting', async () => {
    await pass(10_000);
    watch.close();
    expect(told).toEqual([]);
  });

  it.each([
    ['whose socket is away', { ...CALM, isConnected: false }, 'without its session'],
    ['that does not answer', null, 'did not answer'],
    ['that has lost its meeting while it loads anew', { hearsSound: false }, 'without its session'],
  ])('tells the gap of a page %s', async (_, away, reason) => {
    await pass(1_000);
    state = away;
    await pass(3_000);
    expect(told).toEqual([]);
    state = CALM;
    await pass(1_000);
    expect(told).toEqual([{ fromMs: 1_001_500, toMs: 1_004_500, reason: expect.stringContaining(reason) }]);
  });

  it('tells a gap that lasts to the end', async () => {
    state = null;
    await pass(2_000);
    watch.close();
    expect(told).toEqual([{ fromMs: 1_000_500, toMs: 1_002_000, reason: 'The page did not answer.' }]);
  });

  it('minds no meeting that a page never had', async () => {
    state = { wantsRecording: true, hearsSound: false };
    await pass(3_000);
    watch.close();
    expect(told).toEqual([]);
  });

  it('loads a page anew that crashed, and gives up on one that always does', async () => {
    await pass(600);
    watch.pageCrashed();
    expect(reloads).toBe(1);
    await pass(600);
    expect(told).toEqual([expect.objectContaining({ reason: expect.stringContaining('crashed') })]);
    for (let again = 0; again < 5; again++) watch.pageCrashed();
    expect(reloads).toBe(5);
    expect(told.at(-1)).toBe('browser_died');
  });

  it('stops once the app wants it, and remembers sound that lasts', async () => {
    state = { ...CALM, hearsSound: true };
    await pass(5_000);
    state = { ...CALM, wantsRecording: false };
    await pass(500);
    expect(told).toEqual(['sound', 'page_stopped']);
  });
});
