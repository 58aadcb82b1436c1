import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StorageConfig } from '../../../src/storage/config.js';
import { SecretBox } from '../../../src/storage/sealing.js';
import {
  type QueuedUpload,
  type UploadOutcome,
  type UploadQueue,
  UploadRunner,
} from '../../../src/storage/upload-runner.js';
import { LocalFiles, MIB } from './support.js';

const HOUR_MS = 3_600_000;
const secrets = new SecretBox(randomBytes(32));

/** Rows as a database would keep them. */
class MemoryQueue implements UploadQueue {
  readonly rows = new Map<string, QueuedUpload & { dueAt: Date; outcome?: UploadOutcome; reason?: string }>();
  failing = false;

  add(upload: QueuedUpload): void {
    this.rows.set(upload.id, { ...upload, dueAt: new Date(0) });
  }

  async due({ now, limit, retries, except }: Parameters<UploadQueue['due']>[0]): Promise<QueuedUpload[]> {
    const due = [...this.rows.values()].filter(
      (row) => !row.outcome && row.dueAt <= now && !except.includes(row.id),
    );
    const again = due.filter((row) => row.failedAttempts > 0).slice(0, retries);
    return due.filter((row) => row.failedAttempts === 0 || again.includes(row)).slice(0, limit);
  }

  async advance(id: string, resume: NonNullable<QueuedUpload['resume']>): Promise<void> {
    this.#write(id, { resume, failedAttempts: 0 });
  }

  async postpone(
    id: string,
    { reason, nextAttemptAt }: { reason: string; nextAttemptAt: Date },
  ): Promise<void> {
    const { failedAttempts } = this.rows.get(id)!;
    this.#write(id, { reason, dueAt: nextAttemptAt, failedAttempts: failedAttempts + 1 });
  }

  async settle(id: string, outcome: UploadOutcome): Promise<void> {
    this.#write(id, { outcome });
  }

  #write(id: string, fields: object): void {
    if (this.failing) throw new Error('The database is away');
    Object.assign(this.rows.get(id)!, fields);
  }
}

describe('the upload runner', () => {
  let files: LocalFiles;
  let storage: Server;
  let path: string;
  let now: Date;
  let queue: MemoryQueue;
  let answer: (response: ServerResponse) => void;
  let requests = 0;

  beforeAll(async () => {
    files = await LocalFiles.create();
    path = (await files.make('file', MIB)).path;
    storage = createServer((request, response) => {
      requests += 1;
      request.resume().on('end', () => answer(response));
    }).listen(0, '127.0.0.1');
    await once(storage, 'listening');
  });
  afterAll(async () => {
    storage.closeAllConnections();
    storage.close();
    await files.remove();
  });
  beforeEach(() => {
    now = new Date('2026-01-01T00:00:00Z');
    queue = new MemoryQueue();
    requests = 0;
  });

  const failWith = (status: number, code: string) => (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<Error><Code>${code}</Code></Error>`);
  };

  const config = (fields: Partial<StorageConfig> = {}): StorageConfig =>
    ({
      type: 'aws',
      access_key: 'key',
      secret: 'secret',
      region: 'us-east-1',
      bucket: 'b',
      endpoint: `http://127.0.0.1:${(storage.address() as AddressInfo).port}`,
      ...fields,
    }) as StorageConfig;

  const upload = (id: string, fields: Partial<QueuedUpload> = {}): QueuedUpload => ({
    id,
    storage: secrets.sealStorage(config()),
    path,
    name: `${id}.mp4`,
    contentType: 'video/mp4',
    resume: null,
    failedAttempts: 0,
    retryUntil: new Date(now.getTime() + 24 * HOUR_MS),
    ...fields,
  });

  /** Runs until `done`, and closes. */
  async function run(done: (runner: UploadRunner) => boolean, allowPrivate = true): Promise<void> {
    const log = pino({ level: 'silent' });
    const clock = { now: () => now };
    const runner = new UploadRunner({ queue, secrets, clock, log, allowPrivate, random: () => 0.5 });
    runner.start();
    try {
      await vi.waitUntil(() => done(runner), { timeout: 10_000, interval: 5 });
    } finally {
      await runner.close();
    }
  }

  const rowOf = (id: string) => queue.rows.get(id)!;

  it('waits longer after each failure, and gives up when 24 hours are over', async () => {
    answer = failWith(503, 'SlowDown');
    queue.add(upload('a'));
    const started = now;
    const waitsSeconds: number[] = [];
    let seen = 0;
    await run((runner) => {
      const row = rowOf('a');
      if (!row.outcome && row.failedAttempts > seen) {
        seen = row.failedAttempts;
        waitsSeconds.push(Math.round((row.dueAt.getTime() - now.getTime()) / 1_000));
        now = row.dueAt;
        runner.wake();
      }
      return row.outcome !== undefined;
    });
    expect(waitsSeconds.slice(0, 8)).toEqual([5, 30, 120, 300, 900, 1_800, 3_600, 7_200]);
    expect(now.getTime() - started.getTime()).toBe(24 * HOUR_MS);
    expect(rowOf('a').outcome).toEqual({ kind: 'failed', reason: 'The storage is in trouble (SlowDown)' });
  });

  it('gives up at once where repetition is of no use', async () => {
    answer = failWith(403, 'InvalidAccessKeyId');
    queue.add(upload('a'));
    queue.add(upload('b', { storage: { ...secrets.sealStorage(config()), sealed: 'v1.0.x' } }));
    await run(() => Boolean(rowOf('a').outcome && rowOf('b').outcome));
    expect(rowOf('a').outcome).toEqual({
      kind: 'failed',
      reason: 'The storage refused the credentials or what they may do (InvalidAccessKeyId)',
    });
    expect(rowOf('b').outcome).toMatchObject({ reason: expect.stringContaining('sealed with another key') });
    expect(requests).toBe(1);
  });

  it('keeps to the public network where private addresses are not allowed', async () => {
    queue.add(upload('a'));
    await run(() => Boolean(rowOf('a').outcome), false);
    expect(rowOf('a').outcome).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('not a public'),
    });
    expect(requests).toBe(0);
  });

  it('keeps a place for new uploads while storages that failed before do not answer', async () => {
    let unanswered = 0;
    answer = () => {
      unanswered += 1;
    };
    for (const id of ['a', 'b', 'c', 'd', 'e']) queue.add(upload(id, { failedAttempts: 1 }));
    await run((runner) => {
      if (unanswered === 3 && !queue.rows.has('new')) {
        answer = failWith(403, 'AccessDenied');
        queue.add(upload('new'));
        runner.wake();
      }
      return rowOf('new')?.outcome !== undefined;
    });
    expect(requests).toBe(4);
    expect(['a', 'b', 'c', 'd', 'e'].map((id) => rowOf(id).failedAttempts)).toEqual([1, 1, 1, 1, 1]);
  });

  it('closes at once in the middle of an upload, which stays as it was', async () => {
    answer = () => undefined;
    queue.add(upload('a'));
    await run(() => requests === 1);
    expect(rowOf('a')).toMatchObject({ failedAttempts: 0, dueAt: new Date(0) });
    expect(rowOf('a').outcome).toBeUndefined();
  });

  it('leaves an upload due whose result the database did not take', async () => {
    answer = failWith(403, 'AccessDenied');
    queue.failing = true;
    queue.add(upload('a'));
    await run(() => requests === 1);
    expect(rowOf('a').outcome).toBeUndefined();
    queue.failing = false;
    await run(() => Boolean(rowOf('a').outcome));
  });
});
