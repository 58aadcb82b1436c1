import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchStart } from '../../../src/recordings/starts.js';

const SLOW_AFTER_MS = 5_000;

function watched() {
  const told = { onEvent: vi.fn(), onExit: vi.fn() };
  const onSlow = vi.fn();
  const listeners = watchStart(told, () => ({ starting: 3, begun: 1 }), onSlow);
  const passed = (phase: 'browser' | 'capture' | 'page' | 'session' | 'encoding', ms: number) => {
    vi.advanceTimersByTime(ms);
    listeners.onEvent({ kind: 'starting', phase, ms });
  };
  const begin = () => listeners.onEvent({ kind: 'recording', atMs: Date.now() });
  return { told, onSlow, listeners, passed, begin };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a start that is slow says why as soon as it is, and again when the recording has begun', () => {
  const { onSlow, passed, begin, told } = watched();
  vi.advanceTimersByTime(700);
  passed('browser', 2_100);
  passed('capture', 200);
  vi.advanceTimersByTime(2_000);
  expect(onSlow).toHaveBeenCalledTimes(1);
  const [soFar, hadBegun] = onSlow.mock.lastCall!;
  expect([soFar.seconds, hadBegun]).toEqual([5, false]);
  expect(soFar.reason.split('; ')).toEqual([
    'starting the recorder 0.7 s, starting the browser 2.1 s, preparing the capture 0.2 s, loading the page 2 s so far',
    expect.stringMatching(
      /^after five seconds 2 other recorders were starting and 1 recording, on \d+ processor cores$/,
    ),
  ]);

  passed('page', 1_000);
  passed('session', 500);
  passed('encoding', 600);
  begin();
  expect(onSlow).toHaveBeenCalledTimes(2);
  const [delay, hasBegun] = onSlow.mock.lastCall!;
  expect([delay.seconds, hasBegun]).toEqual([7.1, true]);
  expect(delay.reason).toContain('entering the session 0.5 s, encoding the first picture 0.6 s;');
  expect(told.onEvent).toHaveBeenLastCalledWith({ kind: 'recording', atMs: Date.now() });
});

it('a start that is quick, or fails before it is slow, has nothing to say', () => {
  const quick = watched();
  quick.passed('browser', SLOW_AFTER_MS - 1);
  quick.begin();
  const failed = watched();
  failed.listeners.onExit('code 1');
  vi.advanceTimersByTime(10 * SLOW_AFTER_MS);
  expect(quick.onSlow).not.toHaveBeenCalled();
  expect(failed.onSlow).not.toHaveBeenCalled();
  expect(failed.told.onExit).toHaveBeenCalledWith('code 1');
});
