import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecorderLaunch, RecorderListeners } from '../../../src/recorders/recorder-process.js';
import { RecorderWatch } from '../../../src/recorders/recorder-watch.js';

const SILENCE_MS = 30_000;
const LIMIT_MS = 60_000;
const GRACE_MS = 4_000;
const LAUNCH: RecorderLaunch = {
  program: 'recorder.js',
  env: {},
  order: { kind: 'standby', folder: 'work', trustedOrigins: [], pageUrl: 'https://localhost/' },
};

/** A watch over a recorder that does nothing but what the test says. */
function watched(onStart: (listeners: RecorderListeners) => void = () => {}) {
  const recorder = { tail: 'its last words', command: vi.fn(), release: vi.fn(), kill: vi.fn() };
  const told = { onEvent: vi.fn(), onExit: vi.fn(), onLimit: vi.fn() };
  let listeners: RecorderListeners | null = null;
  const watch = new RecorderWatch({
    ...told,
    folder: 'work',
    mayHaveOrphan: false,
    silenceMs: SILENCE_MS,
    startRecorder: async (_, own) => {
      listeners = own;
      onStart(own);
      return recorder;
    },
  });
  const start = () => watch.start(async () => LAUNCH, LIMIT_MS, told.onLimit);
  return { watch, recorder, told, start, listeners: () => listeners! };
}

describe('the watch over a recorder', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('cuts off one that takes longer than it may', async () => {
    const { recorder, told, start } = watched();
    await start();
    vi.advanceTimersByTime(LIMIT_MS - 1);
    expect(recorder.kill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(told.onLimit).toHaveBeenCalledOnce();
    expect(recorder.kill).toHaveBeenCalledOnce();
  });

  it('cuts off one that gives no more sign of life, of whatever kind, once it has given one', async () => {
    const { watch, recorder, told, start, listeners } = watched();
    await start();
    watch.clearLimit();
    vi.advanceTimersByTime(2 * SILENCE_MS);
    listeners().onEvent({ kind: 'alive', atMs: 0 });
    vi.advanceTimersByTime(SILENCE_MS - 1);
    listeners().onEvent({ kind: 'paused', atMs: 0 });
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(recorder.kill).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(recorder.kill).toHaveBeenCalledOnce();
    expect(told.onEvent.mock.calls).toEqual([[{ kind: 'paused', atMs: 0 }]]);
  });

  it('tells of one that is gone with what it printed last, and may start another one', async () => {
    const { watch, recorder, told, start, listeners } = watched();
    await start();
    expect(watch.isRunning).toBe(true);
    listeners().onExit('SIGKILL');
    expect(told.onExit).toHaveBeenCalledExactlyOnceWith('SIGKILL', 'its last words');
    expect(watch.isRunning).toBe(false);
    vi.advanceTimersByTime(2 * LIMIT_MS);
    expect(told.onLimit).not.toHaveBeenCalled();
    await start();
    expect(watch.isRunning).toBe(true);
    expect(recorder.kill).not.toHaveBeenCalled();
  });

  it('does not take one that was gone before it had started for one at work', async () => {
    const { watch, told, start } = watched((listeners) => listeners.onExit('code 1'));
    await start();
    expect(told.onExit).toHaveBeenCalledOnce();
    expect(watch.isRunning).toBe(false);
  });

  it('lets one put down what it has when it is closed, and cuts it off when that takes too long', async () => {
    const { watch, recorder, start, listeners } = watched();
    await start();
    const closed = watch.close(GRACE_MS);
    expect(recorder.release).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(GRACE_MS);
    expect(recorder.kill).toHaveBeenCalledOnce();
    listeners().onExit('SIGKILL');
    await closed;
  });

  it('releases one that it was closed during the start of, and starts none afterwards', async () => {
    const { watch, recorder, start, listeners } = watched(() => void watch.close(GRACE_MS));
    await start();
    expect(recorder.release).toHaveBeenCalledOnce();
    listeners().onExit('code 0');
    await start();
    expect(watch.isRunning).toBe(false);
  });
});
