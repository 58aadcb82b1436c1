import type { Logger } from 'pino';

/**
 * Closes what was opened, the last first, however far the start came. One part that fails to close does not keep
 * the others open.
 */
export class CloseStack {
  #steps: { part: string; close: () => unknown }[] = [];
  #closing: Promise<void> | null = null;

  constructor(private readonly log: Logger) {}

  push(part: string, close: () => unknown): void {
    this.#steps.push({ part, close });
  }

  /** Idempotent; every caller waits for the end. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (const { part, close } of this.#steps.reverse()) {
      const started = performance.now();
      try {
        await close();
        this.log.debug({ part, milliseconds: Math.round(performance.now() - started) }, 'Closed');
      } catch (error) {
        this.log.error({ part, err: error }, 'A part did not close properly');
      }
    }
  }
}
