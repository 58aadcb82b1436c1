/** Items of one write; what comes beyond waits for the next one. */
const BATCH_MAX = 256;

/**
 * Groups writes: while one is under way the next items gather, and go together. The answer of `add` never
 * rejects; it is false when the write failed.
 */
export class Batch<Item> {
  #waiting: { item: Item; done: (written: boolean) => void }[] = [];
  #writing = false;

  constructor(readonly write: (items: Item[]) => Promise<boolean>) {}

  add(item: Item): Promise<boolean> {
    return new Promise((done) => {
      this.#waiting.push({ item, done });
      if (!this.#writing) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const entries = this.#waiting.splice(0, BATCH_MAX);
      const written = await this.write(entries.map(({ item }) => item));
      for (const { done } of entries) done(written);
    }
    this.#writing = false;
  }
}
