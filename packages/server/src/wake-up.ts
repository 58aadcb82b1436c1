/** The pause between the rounds of a loop, which ends early when somebody wakes the loop. */
export class WakeUp {
  #requested = false;
  #endPause: (() => void) | null = null;

  /** Ends the pause, or skips the next one where a round is under way. */
  wake(): void {
    this.#requested = true;
    this.#endPause?.();
  }

  /** A round begins: who wakes the loop from now on wants another one after it. */
  beginRound(): void {
    this.#requested = false;
  }

  pause(limitMs: number): Promise<void> {
    if (this.#requested) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endPause?.(), limitMs);
      this.#endPause = () => {
        clearTimeout(timer);
        this.#endPause = null;
        resolve();
      };
    });
  }
}
