import { describe, expect, it, vi } from 'vitest';
import { Lookout } from '../../src/lookout.js';

describe('a lookout', () => {
  it('looks once more for who asked during a look, however many they are', async () => {
    const looks: (() => void)[] = [];
    const lookout = new Lookout(
      () => new Promise((resolve) => looks.push(resolve)),
      () => {},
      1,
    );
    for (let asks = 0; asks < 3; asks += 1) lookout.wake();
    expect(looks).toHaveLength(1);
    looks[0]!();
    await vi.waitFor(() => expect(looks).toHaveLength(2));
    looks[1]!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(looks).toHaveLength(2);
  });

  it('tells of a look that fails, and takes it again', async () => {
    const look = vi.fn(async () => {}).mockRejectedValueOnce(new Error('away'));
    const onError = vi.fn();
    new Lookout(look, onError, 1).wake();
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(2));
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('away'));
  });

  it('begins no look once it is closed, and tells of none', async () => {
    const onError = vi.fn();
    let fail = (_: Error) => {};
    const look = vi.fn(
      () =>
        new Promise<void>((_, reject) => {
          fail = reject;
        }),
    );
    const lookout = new Lookout(look, onError, 1);
    lookout.wake();
    lookout.wake();
    lookout.close();
    fail(new Error('closed under it'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(look).toHaveBeenCalledOnce();
    expect(onError).not.toHaveBeenCalled();
  });
});
