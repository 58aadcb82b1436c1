interface Wait<Seen, Result> {
  subscribe(listener: (seen: Seen) => void): void;
  unsubscribe(listener: (seen: Seen) => void): void;
  /** The result, or undefined to go on waiting. */
  pick(seen: Seen): { value: Result } | undefined;
  timeoutMs: number;
  timeoutError(): Error;
}

/** Waits for the first thing that `pick` takes, and leaves no listener and no timer behind. */
export function waitFor<Seen, Result>(wait: Wait<Seen, Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      wait.unsubscribe(listener);
      act();
    };
    const timer = setTimeout(() => settle(() => reject(wait.timeoutError())), wait.timeoutMs);
    const listener = (seen: Seen) => {
      const picked = wait.pick(seen);
      if (picked) settle(() => resolve(picked.value));
    };
    wait.subscribe(listener);
  });
}
