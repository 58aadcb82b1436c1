/** Failures by their text, with how often each came up. */
export class ErrorCounts extends Map<string, number> {
  add(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    this.set(text, (this.get(text) ?? 0) + 1);
  }
}

/** Does `work` for every item, at most `width` at a time. A failure is counted and stops nothing else. */
export async function inParallel<Item>(
  items: readonly Item[],
  width: number,
  errors: ErrorCounts,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item).catch((error: unknown) => errors.add(error));
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}
