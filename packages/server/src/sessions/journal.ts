import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Database } from '../database/tables.js';
import { isDatabaseOutage } from '../http/outages.js';
import type { Changes, WebhookSources } from './changes.js';
import { writeChanges, writtenAlready } from './write-changes.js';

/** How long a change may wait for the database before its callers are told that it failed. */
const OUTAGE_LIMIT_MS = 30_000;
const RETRY_PAUSE_MS = 200;
/** Sessions written in one transaction. */
const GROUP_MAX = 200;

interface Waiting {
  changes: Changes;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Commits the changes of all sessions. While one transaction is on its way, the changes that arrive wait and then
 * share the next one, so that many sessions cost few commits under load and a single one waits for nobody.
 */
export class Journal {
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(
    private readonly db: Kysely<Database>,
    private readonly log: Logger,
    /** Called after each commit; the outbox may hold new webhooks. */
    private readonly committed: () => void,
    private readonly sources: WebhookSources,
  ) {}

  /**
   * Resolves once the changes are safe. Waits out a database that is away; rejects when it stays away, or with
   * SessionTakenError when somebody else has written to the session.
   */
  commit(changes: Changes): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ changes, resolve, reject });
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, GROUP_MAX));
    this.#writing = false;
  }

  async #writeGroup(group: Waiting[]): Promise<void> {
    try {
      await this.#writeWithPatience(group.map((one) => one.changes));
      for (const one of group) one.resolve();
      this.committed();
    } catch (error) {
      // One bad session must not fail the others of its group; a database that is away fails them all.
      if (group.length === 1 || isDatabaseOutage(error)) {
        for (const one of group) one.reject(error);
        return;
      }
      for (const one of group) await this.#writeGroup([one]);
    }
  }

  /**
   * An outage may hit before or after the commit took effect, so a repetition first looks which it was; and once more
   * when it fails, since the first commit may have been on its way still.
   */
  async #writeWithPatience(group: Changes[]): Promise<void> {
    const deadline = Date.now() + OUTAGE_LIMIT_MS;
    for (let attempt = 1; ; attempt++) {
      try {
        const missing = attempt === 1 ? group : await this.#notWritten(group);
        if (missing.length > 0)
          await this.db.transaction().execute((trx) => writeChanges(trx, missing, this.sources));
        return;
      } catch (error) {
        if (!isDatabaseOutage(error)) {
          if (attempt > 1 && (await this.#notWritten(group)).length === 0) return;
          throw error;
        }
        if (Date.now() > deadline) throw error;
        this.log.warn({ attempt, error: String(error) }, 'The database is away; session changes are waiting');
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  async #notWritten(group: Changes[]): Promise<Changes[]> {
    const written = await writtenAlready(this.db, group);
    return group.filter((changes) => !written.has(changes.record.sessionId));
  }
}
