import { StorageError } from './errors.js';

/** What a storage of objects tells about one that it holds. */
export interface ObjectFacts {
  bytes: number | undefined;
  etag: string | undefined;
  /** Which of our uploads made it; it is written into the metadata, to be recognised after a crash. */
  mark: string | undefined;
}

/** `hidden` from credentials that may write and not read. */
export type FoundObject = ObjectFacts | 'hidden' | 'missing';

/** The name of an object below the folders of a storage's `path`. */
export function objectKey(path: string | null | undefined, name: string): string {
  const folders = (path ?? '').split('/').filter((folder) => folder !== '');
  return [...folders, name].join('/');
}

export async function findObject(
  ask: () => Promise<ObjectFacts>,
  statusOf: (error: unknown) => number | undefined,
): Promise<FoundObject> {
  try {
    return await ask();
  } catch (error) {
    const status = statusOf(error);
    if (status === 403) return 'hidden';
    if (status === 404) return 'missing';
    throw error;
  }
}

/** True when the object that is there was made by this upload: the crash came after its last request. */
export const isMadeBy = (found: FoundObject, upload: { mark: string; bytes: number }): boolean =>
  typeof found === 'object' && found.mark === upload.mark && found.bytes === upload.bytes;

/**
 * Throws StorageError unless the storage holds what was sent: its length, and the ETag that it answered with, which is
 * null where that may change. Where nothing can be seen that is fine: each part carried its own MD5, which the storage
 * checked.
 */
export function requireStored(
  found: FoundObject,
  sent: { bytes: number; etag: string | undefined | null },
): void {
  if (found === 'hidden') return;
  if (found === 'missing') throw new StorageError('retryable', 'The storage has lost what was sent');
  if (found.bytes !== sent.bytes || (sent.etag !== null && found.etag !== sent.etag)) {
    throw new StorageError('retryable', 'The storage holds something else than what was sent');
  }
}
