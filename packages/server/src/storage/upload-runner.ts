import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { WakeUp } from '../wake-up.js';
import { nextAttemptAt } from '../webhooks/schedule.js';
import { StorageError } from './errors.js';
import { openTarget } from './open-target.js';
import type { SealedStorage, SecretBox } from './sealing.js';
import { ALLOW_PRIVATE_SETTING, type ResumeState, type StorageTarget, type StoredObject } from './target.js';

/** Uploads under way at once, which bounds memory to a part for each. */
const UPLOADS_MAX = 4;
/** Of these, for uploads that failed before: a storage that does not answer must not hold up all the others. */
const RETRIES_MAX = 3;
/** Retries that fall due are found this late at most; new uploads wake the runner. */
const POLL_MS = 5_000;
const UNEXPECTED = 'The upload failed for a reason of this server, which its log tells';

/** A row of the queue. Attempts go on for as long as the webhooks' (`webhooks/schedule.ts`): 24 hours. */
export interface QueuedUpload {
  id: string;
  storage: SealedStorage;
  /** Of the local file. */
  path: string;
  name: string;
  contentType: string;
  resume: ResumeState | null;
  /** Since a part last came across. */
  failedAttempts: number;
  retryUntil: Date;
}

/** How an upload ended. The reason is fit for the recording's owner. */
export type UploadOutcome = ({ kind: 'uploaded' } & StoredObject) | { kind: 'failed'; reason: string };

/** The rows behind the runner, which keeps nothing of its own. Each method is one transaction. */
export interface UploadQueue {
  /** Uploads that are due, the earliest first; none of `except`. `retries` bounds those with failed attempts. */
  due(query: { now: Date; limit: number; retries: number; except: string[] }): Promise<QueuedUpload[]>;
  /** A part came across: where to go on after a crash. Sets the failed attempts back to 0. */
  advance(id: string, resume: ResumeState, sentBytes: number): Promise<void>;
  /** An attempt failed: counts it, and when the next one is due. */
  postpone(id: string, failure: { reason: string; nextAttemptAt: Date }): Promise<void>;
  /** The upload is over; what follows from it belongs in the same transaction. */
  settle(id: string, outcome: UploadOutcome): Promise<void>;
}

export interface UploadRunnerOptions {
  queue: UploadQueue;
  secrets: SecretBox;
  clock: Clock;
  log: Logger;
  allowPrivate: boolean;
  /** Between 0 (included) and 1; jitters the retries. */
  random: () => number;
}

/**
 * Takes due uploads and carries them out. Nothing is kept here that is not in the rows: after a `kill -9` the next
 * runner finds the same uploads due and goes on where the last acknowledged part ended.
 */
export class UploadRunner {
  readonly #options: UploadRunnerOptions;
  readonly #underWay = new Map<string, { stop: AbortController; done: Promise<void>; isRetry: boolean }>();
  #loop: Promise<void> | null = null;
  #closing = false;
  readonly #wakeUp = new WakeUp();

  constructor(options: UploadRunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Looks for due uploads now; to be called after a commit that queued some. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** Cuts off what is under way; the next runner goes on with it. */
  async close(): Promise<void> {
    this.#closing = true;
    this.wake();
    for (const { stop } of this.#underWay.values()) stop.abort();
    await this.#loop;
    await Promise.all([...this.#underWay.values()].map(({ done }) => done));
  }

  async #run(): Promise<void> {
    while (!this.#closing) {
      this.#wakeUp.beginRound();
      await this.#startDue().catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'Uploads could not be taken from the database');
      });
      await this.#wakeUp.pause(POLL_MS);
    }
  }

  async #startDue(): Promise<void> {
    const underWay = [...this.#underWay.values()];
    const limit = UPLOADS_MAX - underWay.length;
    if (limit <= 0) return;
    const retries = Math.max(0, RETRIES_MAX - underWay.filter(({ isRetry }) => isRetry).length);
    const except = [...this.#underWay.keys()];
    const now = this.#options.clock.now();
    for (const upload of await this.#options.queue.due({ now, limit, retries, except })) {
      if (!this.#closing) this.#begin(upload);
    }
  }

  #begin(upload: QueuedUpload): void {
    const stop = new AbortController();
    const done = this.#attempt(upload, stop.signal)
      .then(() => true)
      .catch((error: unknown) => {
        if (!this.#closing) {
          this.#options.log.error(
            { err: error, uploadId: upload.id },
            'What became of an upload could not be written',
          );
        }
        return false;
      })
      .then((written) => {
        this.#underWay.delete(upload.id);
        // A row that could not be written is still due, and found by the poll: at once it would fail again.
        if (written) this.wake();
      });
    this.#underWay.set(upload.id, { stop, done, isRetry: upload.failedAttempts > 0 });
  }

  /** Rejects only when the queue does not take what became of it; the upload then stays due. */
  async #attempt(upload: QueuedUpload, signal: AbortSignal): Promise<void> {
    const { queue, secrets, allowPrivate } = this.#options;
    const queueErrors: unknown[] = [];
    let latest = upload;
    let target: StorageTarget | null = null;
    let stored: StoredObject;
    try {
      target = await openTarget(secrets.openStorage(upload.storage), {
        allowPrivate,
        setting: ALLOW_PRIVATE_SETTING,
      });
      stored = await target.upload({
        ...upload,
        signal,
        saveResume: async (resume, sentBytes) => {
          await queue.advance(upload.id, resume, sentBytes).catch((error: unknown) => {
            queueErrors.push(error);
            throw error;
          });
          latest = { ...upload, resume, failedAttempts: 0 };
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      if (queueErrors.length > 0) throw queueErrors[0];
      return await this.#fail(latest, target, error);
    } finally {
      await target?.close();
    }
    await queue.settle(upload.id, { kind: 'uploaded', ...stored });
  }

  async #fail(upload: QueuedUpload, target: StorageTarget | null, error: unknown): Promise<void> {
    const { queue, log } = this.#options;
    const {
      kind,
      message: reason,
      cause,
    } = error instanceof StorageError ? error : new StorageError('retryable', UNEXPECTED, { cause: error });
    log.warn(
      { uploadId: upload.id, reason, ...(cause instanceof Error && { err: cause }) },
      'An upload failed',
    );
    const next = kind === 'refused' ? null : this.#nextAttempt(upload);
    if (next) return await queue.postpone(upload.id, { reason, nextAttemptAt: next });
    if (target && upload.resume) await target.discard(upload.name, upload.resume);
    await queue.settle(upload.id, { kind: 'failed', reason });
  }

  #nextAttempt({ failedAttempts, retryUntil }: QueuedUpload): Date | null {
    const { clock, random } = this.#options;
    return nextAttemptAt({
      failedAttempts: failedAttempts + 1,
      now: clock.now(),
      retryUntil,
      retryAfterMs: null,
      random: random(),
    });
  }
}
