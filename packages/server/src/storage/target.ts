import { StorageError } from './errors.js';

/** Small JSON that a target needs to go on where an upload broke off; kept by the caller, in a row. */
export type ResumeState = Record<string, string | number>;

export interface Upload {
  /** Of the local file, which does not change any more. */
  path: string;
  /** Of the object; the storage's own `path` is put in front. */
  name: string;
  /** MIME type. */
  contentType: string;
  /** What `saveResume` was last given for this upload; null for a new one. */
  resume: ResumeState | null;
  /**
   * Called after each part that the storage has acknowledged, with all bytes that it holds by then. The next part
   * waits for the promise, so that a crash repeats one part at most.
   */
  saveResume(state: ResumeState, sentBytes: number): Promise<void>;
  /** Cuts the upload off; it can be resumed. */
  signal: AbortSignal;
}

export interface StoredObject {
  /** For people: `s3://bucket/key` or `sftp://host/path`. */
  location: string;
  bytes: number;
}

/** One storage. Holds connections; close it after use. */
export interface StorageTarget {
  /**
   * Resolves when the storage holds the whole file under its final name, and has said so. Throws StorageError; with
   * `signal` aborted, any error.
   */
  upload(upload: Upload): Promise<StoredObject>;
  /** Removes what an unfinished upload left behind, as far as the storage lets it. Never throws. */
  discard(name: string, resume: ResumeState): Promise<void>;
  close(): Promise<void>;
}

/** Read and sent at a time, also the most that an interruption costs; a named bound of memory for each upload. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Of a file, by S3; Azure takes more. */
export const PARTS_MAX = 10_000;
/** Larger parts than this are not held in memory, which bounds a file to 640 GB. */
const LARGEST_PART_BYTES = 8 * PART_BYTES;
/** The longest of real answers lists ten thousand parts. */
export const ANSWER_MAX_BYTES = 4 * 1024 * 1024;
export const CONNECT_TIMEOUT_MS = 10_000;
/** For all requests but those that carry a part. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** Gluing ten thousand parts together takes a storage a while. */
export const COMPLETE_TIMEOUT_MS = 300_000;
/** For cleaning up after an upload that was given up, which must not hold up the end of the server. */
export const DISCARD_TIMEOUT_MS = 5_000;
/** Time for one part: a fixed share, and the rest at the slowest rate that still counts as progress. */
const PART_TIMEOUT_MS = 60_000;
const LEAST_BYTES_PER_MS = 64;

/**
 * As many parts as a storage takes, of the usual size while that is enough. Throws StorageError (refused) for a file
 * that is too large.
 */
export function partBytesFor(fileBytes: number): number {
  const partBytes = Math.max(1, Math.ceil(fileBytes / PART_BYTES / PARTS_MAX)) * PART_BYTES;
  if (partBytes > LARGEST_PART_BYTES) throw new StorageError('refused', 'The file is too large to upload');
  return partBytes;
}

export const limit = (signal: AbortSignal, timeoutMs: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);

export const partTimeoutMs = (bytes: number): number =>
  PART_TIMEOUT_MS + Math.ceil(bytes / LEAST_BYTES_PER_MS);

/** Name of the setting behind the address rule of storages. */
export const ALLOW_PRIVATE_SETTING = 'PARLEY_STORAGE_ALLOW_PRIVATE';
