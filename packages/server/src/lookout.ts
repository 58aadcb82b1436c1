/**
 * Looks whether there is something to do, whenever somebody says that there may be: one look at a time, and once more
 * for who asked meanwhile. A look that fails is told and taken again after a while.
 */
export class Lookout {
  #isDue = false;
  #isLooking = false;
  #isClosed = false;
  #later: NodeJS.Timeout | null = null;

  constructor(
    private readonly look: () => Promise<void>,
    private readonly onError: (error: unknown) => void,
    private readonly retryMs: number,
  ) {}

  /** Cheap, and safe to call often. */
  wake(): void {
    this.#isDue = true;
    if (!this.#isLooking) void this.#run();
  }

  /** Looks again after the time of a retry. */
  wakeLater(): void {
    if (this.#later || this.#isClosed) return;
    this.#later = setTimeout(() => {
      this.#later = null;
      this.wake();
    }, this.retryMs).unref();
  }

  /** No further look begins, and how the present one ends is told nobody. */
  close(): void {
    this.#isClosed = true;
    if (this.#later) clearTimeout(this.#later);
  }

  async #run(): Promise<void> {
    this.#isLooking = true;
    while (this.#isDue && !this.#isClosed) {
      this.#isDue = false;
      try {
        await this.look();
      } catch (error) {
        if (this.#isClosed) break;
        this.onError(error);
        this.wakeLater();
      }
    }
    this.#isLooking = false;
  }
}
