import { Lookout } from '../lookout.js';

const LOOK_RETRY_MS = 1_000;
/** Time of the recorders to put down what they have when the server stops. */
const CLOSE_GRACE_MS = 4_000;

interface Lead {
  wake(): void;
  close(graceMs: number): Promise<void>;
}

/** Those of our recordings, or livestreams, that are not over, each led on by a lead of its own. */
export class Leads<Id> {
  readonly #leads = new Map<Id, Lead>();
  readonly #lookout: Lookout;
  /** An earlier server may have left recorders at work. */
  #mayHaveOrphans = true;
  #isClosed = false;

  constructor(
    private readonly runningIds: () => Promise<Id[]>,
    private readonly create: (id: Id, mayHaveOrphan: boolean) => Lead,
    onError: (error: unknown) => void,
  ) {
    this.#lookout = new Lookout(() => this.#takeUp(), onError, LOOK_RETRY_MS);
  }

  has(id: Id): boolean {
    return this.#leads.has(id);
  }

  /** Looks for those that are new, and wakes all. Cheap, and safe to call often. */
  wake(): void {
    this.#lookout.wake();
  }

  /** To be called when one is over. */
  forget(id: Id): void {
    this.#leads.delete(id);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#lookout.close();
    await Promise.all([...this.#leads.values()].map((lead) => lead.close(CLOSE_GRACE_MS)));
  }

  async #takeUp(): Promise<void> {
    const ids = await this.runningIds();
    if (this.#isClosed) return;
    for (const id of ids) {
      if (!this.#leads.has(id)) this.#leads.set(id, this.create(id, this.#mayHaveOrphans));
    }
    this.#mayHaveOrphans = false;
    for (const lead of this.#leads.values()) lead.wake();
  }
}
