import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { StorageConfig } from '../../../src/storage/config.js';
import { openTarget } from '../../../src/storage/open-target.js';
import { ALLOW_PRIVATE_SETTING, type ResumeState, type Upload } from '../../../src/storage/target.js';

export const MIB = 1024 * 1024;

/** Files of random bytes in a folder of their own. */
export class LocalFiles {
  private constructor(readonly folder: string) {}

  static async create(): Promise<LocalFiles> {
    return new LocalFiles(await mkdtemp(join(tmpdir(), 'parley-upload-')));
  }

  async make(name: string, size: number): Promise<{ path: string; bytes: Buffer }> {
    const path = join(this.folder, name);
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    return { path, bytes };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

/** What a caller would keep in a row. */
export interface SavedProgress {
  resume: ResumeState | null;
  sentBytes: number[];
}

export const newProgress = (): SavedProgress => ({ resume: null, sentBytes: [] });

/** One attempt, from opening the storage to closing it. */
export async function attempt(
  config: StorageConfig,
  upload: Pick<Upload, 'path' | 'name'> & { signal?: AbortSignal; allowPrivate?: boolean },
  saved: SavedProgress = newProgress(),
) {
  const rule = { allowPrivate: upload.allowPrivate ?? true, setting: ALLOW_PRIVATE_SETTING };
  const target = await openTarget(config, rule);
  try {
    return await target.upload({
      contentType: 'video/mp4',
      signal: new AbortController().signal,
      ...upload,
      resume: saved.resume,
      async saveResume(state, sentBytes) {
        saved.resume = JSON.parse(JSON.stringify(state));
        saved.sentBytes.push(sentBytes);
      },
    });
  } finally {
    await target.close();
  }
}

/** An attempt that is cut off when so many bytes are acknowledged; answers what is to be resumed. */
export async function cutOffAt(
  sentBytes: number,
  config: StorageConfig,
  upload: Pick<Upload, 'path' | 'name'>,
): Promise<SavedProgress> {
  const stop = new AbortController();
  const push = (bytes: number) => {
    if (bytes === sentBytes) stop.abort();
    return bytes;
  };
  const saved = { resume: null, sentBytes: Object.assign([], { push }) };
  await expect(attempt(config, { ...upload, signal: stop.signal }, saved)).rejects.toThrow();
  return { resume: saved.resume, sentBytes: [] };
}

export async function discard(config: StorageConfig, name: string, resume: ResumeState): Promise<void> {
  const target = await openTarget(config, { allowPrivate: true, setting: ALLOW_PRIVATE_SETTING });
  await target.discard(name, resume);
  await target.close();
}
