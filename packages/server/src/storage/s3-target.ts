import { createHash, randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListPartsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { AddressRule } from '../network/address-guard.js';
import type { S3Config } from './config.js';
import { StorageError } from './errors.js';
import { LocalFile } from './local-file.js';
import { createS3Client } from './s3-client.js';
import { isUnknownUpload, s3Failure, statusOf } from './s3-errors.js';
import {
  DISCARD_TIMEOUT_MS,
  PART_BYTES,
  partTimeoutMs,
  type ResumeState,
  type StorageTarget,
  type StoredObject,
  type Upload,
} from './target.js';

/** S3's own bounds. */
const PARTS_MAX = 10_000;
const PARTS_OF_A_PAGE = 1_000;
/** Larger parts than this are not held in memory, which bounds a file to 640 GB. */
const LARGEST_PART_BYTES = 8 * PART_BYTES;
const REQUEST_TIMEOUT_MS = 30_000;
/** Gluing ten thousand parts together takes a server a while. */
const COMPLETE_TIMEOUT_MS = 300_000;
/** Metadata of an object that tells which of our uploads made it. */
const UPLOAD_MARK = 'parley-upload';

interface ObjectName {
  Bucket: string;
  Key: string;
}

/** A multipart upload under way. */
interface Multipart {
  uploadId: string;
  /** Written into the object's metadata, so that a finished upload is recognised after a crash. */
  mark: string;
  bytes: number;
  partBytes: number;
}

interface Part {
  number: number;
  etag: string;
  bytes: number;
}

/** As many parts as S3 takes, of the usual size while that is enough. */
export function partBytesFor(fileBytes: number): number {
  const parts = Math.ceil(fileBytes / PART_BYTES / PARTS_MAX);
  return Math.max(1, parts) * PART_BYTES;
}

/** Uploads to S3 and what speaks like it: one request for a small file, a multipart upload for a larger one. */
export class S3Target implements StorageTarget {
  readonly #config: S3Config;
  readonly #client: S3Client;
  readonly #closeClient: () => void;

  constructor(config: S3Config, rule: AddressRule) {
    this.#config = config;
    const { client, close } = createS3Client(config, rule);
    this.#client = client;
    this.#closeClient = close;
  }

  async upload(upload: Upload): Promise<StoredObject> {
    const object = this.#object(upload.name);
    try {
      const file = await LocalFile.open(upload.path, partBytesFor);
      try {
        await (file.bytes <= PART_BYTES
          ? this.#putWhole(object, file, upload)
          : this.#putInParts(object, file, upload));
        return { location: `s3://${object.Bucket}/${object.Key}`, bytes: file.bytes };
      } finally {
        await file.close();
      }
    } catch (error) {
      throw s3Failure(error, this.#config.bucket);
    }
  }

  async discard(name: string, resume: ResumeState): Promise<void> {
    const abort = new AbortMultipartUploadCommand({
      ...this.#object(name),
      UploadId: String(resume.uploadId),
    });
    await this.#client
      .send(abort, { abortSignal: AbortSignal.timeout(DISCARD_TIMEOUT_MS) })
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closeClient();
  }

  #object(name: string): ObjectName {
    const folders = (this.#config.path ?? '').split('/').filter((folder) => folder !== '');
    return { Bucket: this.#config.bucket, Key: [...folders, name].join('/') };
  }

  async #putWhole(object: ObjectName, file: LocalFile, upload: Upload): Promise<void> {
    const body = await file.read(0);
    const { ETag } = await this.#client.send(
      new PutObjectCommand({
        ...object,
        Body: body,
        ContentType: upload.contentType,
        ContentMD5: md5(body).toString('base64'),
      }),
      { abortSignal: limit(upload.signal, partTimeoutMs(file.bytes)) },
    );
    await this.#verify(object, { bytes: file.bytes, etag: ETag }, upload.signal);
  }

  async #putInParts(object: ObjectName, file: LocalFile, upload: Upload): Promise<void> {
    const begun = resumable(upload.resume, file.bytes);
    const stored = begun && (await this.#storedParts(object, begun, upload.signal));
    if (begun && !stored && (await this.#isFinished(object, begun, upload.signal))) return;

    const multipart = begun && stored ? begun : await this.#begin(object, file.bytes, upload);
    const parts: Part[] = [];
    for (let sent = 0; sent < file.bytes; ) {
      const body = await file.read(sent);
      const known = stored?.get(parts.length + 1);
      sent += body.length;
      if (known && isSame(known, body)) {
        parts.push(known);
      } else {
        parts.push(await this.#putPart(object, multipart, { number: parts.length + 1, body }, upload.signal));
        await upload.saveResume({ ...multipart }, sent);
      }
    }
    await this.#complete(object, multipart, parts, upload.signal);
  }

  async #begin(object: ObjectName, bytes: number, upload: Upload): Promise<Multipart> {
    const partBytes = partBytesFor(bytes);
    if (partBytes > LARGEST_PART_BYTES) throw new StorageError('refused', 'The file is too large to upload');
    const mark = randomUUID();
    const { UploadId } = await this.#client.send(
      new CreateMultipartUploadCommand({
        ...object,
        ContentType: upload.contentType,
        Metadata: { [UPLOAD_MARK]: mark },
      }),
      { abortSignal: limit(upload.signal, REQUEST_TIMEOUT_MS) },
    );
    if (!UploadId) throw new StorageError('refused', 'The storage takes no uploads in parts');
    const multipart = { uploadId: UploadId, mark, bytes, partBytes };
    await upload.saveResume({ ...multipart }, 0);
    return multipart;
  }

  /** What the storage holds of an upload, by part number; null when it knows no such upload (any more). */
  async #storedParts(
    object: ObjectName,
    { uploadId }: Multipart,
    signal: AbortSignal,
  ): Promise<Map<number, Part> | null> {
    const parts = new Map<number, Part>();
    let after: string | undefined;
    try {
      for (let page = 0; page < PARTS_MAX / PARTS_OF_A_PAGE; page++) {
        const listed = await this.#client.send(
          new ListPartsCommand({
            ...object,
            UploadId: uploadId,
            MaxParts: PARTS_OF_A_PAGE,
            ...(after && { PartNumberMarker: after }),
          }),
          { abortSignal: limit(signal, REQUEST_TIMEOUT_MS) },
        );
        for (const { PartNumber: number = 0, ETag: etag = '', Size: bytes = -1 } of listed.Parts ?? []) {
          parts.set(number, { number, etag, bytes });
        }
        after = listed.NextPartNumberMarker;
        if (!listed.IsTruncated || !after) break;
      }
      return parts;
    } catch (error) {
      if (isUnknownUpload(error)) return null;
      throw error;
    }
  }

  async #putPart(
    object: ObjectName,
    { uploadId }: Multipart,
    { number, body }: { number: number; body: Buffer },
    signal: AbortSignal,
  ): Promise<Part> {
    const { ETag } = await this.#client.send(
      new UploadPartCommand({
        ...object,
        UploadId: uploadId,
        PartNumber: number,
        Body: body,
        ContentMD5: md5(body).toString('base64'),
      }),
      { abortSignal: limit(signal, partTimeoutMs(body.length)) },
    );
    return { number, etag: ETag ?? '', bytes: body.length };
  }

  async #complete(
    object: ObjectName,
    multipart: Multipart,
    parts: Part[],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const { ETag } = await this.#client.send(
        new CompleteMultipartUploadCommand({
          ...object,
          UploadId: multipart.uploadId,
          MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
        }),
        { abortSignal: limit(signal, COMPLETE_TIMEOUT_MS) },
      );
      await this.#verify(object, { bytes: multipart.bytes, etag: ETag }, signal);
    } catch (error) {
      // The answer to an earlier attempt may have been lost on its way.
      if (isUnknownUpload(error) && (await this.#isFinished(object, multipart, signal))) return;
      throw error;
    }
  }

  /** True when the object that is there was made by this upload: the crash came after its last request. */
  async #isFinished(object: ObjectName, { mark, bytes }: Multipart, signal: AbortSignal): Promise<boolean> {
    const head = await this.#head(object, signal);
    return typeof head === 'object' && head.Metadata?.[UPLOAD_MARK] === mark && head.ContentLength === bytes;
  }

  /**
   * Throws StorageError unless the storage holds what was sent: its length, and the checksum it answered with.
   * Credentials that may write and not read are fine: each request carried its own MD5, which the storage checked.
   */
  async #verify(
    object: ObjectName,
    sent: { bytes: number; etag: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const head = await this.#head(object, signal);
    if (head === 'hidden') return;
    if (head === 'missing') throw new StorageError('retryable', 'The storage has lost what was sent');
    if (head.ContentLength !== sent.bytes || head.ETag !== sent.etag) {
      throw new StorageError('retryable', 'The storage holds something else than what was sent');
    }
  }

  async #head(
    object: ObjectName,
    signal: AbortSignal,
  ): Promise<HeadObjectCommandOutput | 'hidden' | 'missing'> {
    try {
      return await this.#client.send(new HeadObjectCommand(object), {
        abortSignal: limit(signal, REQUEST_TIMEOUT_MS),
      });
    } catch (error) {
      const status = statusOf(error);
      if (status === 403) return 'hidden';
      if (status === 404) return 'missing';
      throw error;
    }
  }
}

const md5 = (body: Buffer): Buffer => createHash('md5').update(body).digest();

/** Whether the storage holds just these bytes. A bucket that encrypts with a key of its own cannot tell: no. */
const isSame = (stored: Part, body: Buffer): boolean =>
  stored.bytes === body.length && stored.etag.replaceAll('"', '') === md5(body).toString('hex');

const limit = (signal: AbortSignal, timeoutMs: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);

/** The saved state, when it is of S3 and of this very file. */
function resumable(resume: ResumeState | null, bytes: number): Multipart | null {
  if (!resume || resume.bytes !== bytes || resume.partBytes !== partBytesFor(bytes)) return null;
  const { uploadId, mark } = resume;
  if (typeof uploadId !== 'string' || typeof mark !== 'string') return null;
  return { uploadId, mark, bytes, partBytes: resume.partBytes };
}
