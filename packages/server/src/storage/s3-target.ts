import { createHash, randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { AddressRule } from '../network/address-guard.js';
import { StorageError } from './errors.js';
import { type FoundObject, findObject, isMadeBy, objectKey, requireStored } from './found-object.js';
import { LocalFile } from './local-file.js';
import { type BucketConfig, createS3Client } from './s3-client.js';
import { isUnknownUpload, s3Failure, statusOf } from './s3-errors.js';
import { abortStrays, type ObjectName, type Part, storedParts } from './s3-unfinished.js';
import {
  COMPLETE_TIMEOUT_MS,
  DISCARD_TIMEOUT_MS,
  limit,
  PART_BYTES,
  partBytesFor,
  partTimeoutMs,
  REQUEST_TIMEOUT_MS,
  type ResumeState,
  type StorageTarget,
  type StoredObject,
  type Upload,
} from './target.js';

/** Metadata of an object that tells which of our uploads made it. */
const UPLOAD_MARK = 'parley-upload';

/** A multipart upload under way. */
interface Multipart {
  uploadId: string;
  /** Written into the object's metadata, so that a finished upload is recognised after a crash. */
  mark: string;
  bytes: number;
  partBytes: number;
}

/** Uploads to S3 and what speaks like it: one request for a small file, a multipart upload for a larger one. */
export class S3Target implements StorageTarget {
  readonly #config: BucketConfig;
  readonly #client: S3Client;
  readonly #closeClient: () => void;

  constructor(config: BucketConfig, rule: AddressRule) {
    this.#config = config;
    const { client, close } = createS3Client(config, rule);
    this.#client = client;
    this.#closeClient = close;
  }

  async upload(upload: Upload): Promise<StoredObject> {
    const object = this.#object(upload.name);
    try {
      const bytes = await LocalFile.whileOpen(upload.path, partBytesFor, async (file) => {
        await (file.bytes <= PART_BYTES
          ? this.#putWhole(object, file, upload)
          : this.#putInParts(object, file, upload));
        return file.bytes;
      });
      const scheme = this.#config.type === 'gcs' ? 'gs' : 's3';
      return { location: `${scheme}://${object.Bucket}/${object.Key}`, bytes };
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
    return { Bucket: this.#config.bucket, Key: objectKey(this.#config.path, name) };
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
    requireStored(await this.#find(object, upload.signal), { bytes: file.bytes, etag: ETag });
  }

  async #putInParts(object: ObjectName, file: LocalFile, upload: Upload): Promise<void> {
    const begun = resumable(upload.resume, file.bytes);
    const stored = begun && (await storedParts(this.#client, object, begun.uploadId, upload.signal));
    if (begun && !stored && isMadeBy(await this.#find(object, upload.signal), begun)) return;

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
    await abortStrays(this.#client, object, upload.signal);
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
      // Google says that the ETag of such an object is no checksum, and not that it stays the same.
      const etag = this.#config.type === 'gcs' ? null : ETag;
      requireStored(await this.#find(object, signal), { bytes: multipart.bytes, etag });
    } catch (error) {
      // The answer to an earlier attempt may have been lost on its way.
      if (isUnknownUpload(error) && isMadeBy(await this.#find(object, signal), multipart)) return;
      throw error;
    }
  }

  #find(object: ObjectName, signal: AbortSignal): Promise<FoundObject> {
    return findObject(async () => {
      const head = await this.#client.send(new HeadObjectCommand(object), {
        abortSignal: limit(signal, REQUEST_TIMEOUT_MS),
      });
      return { bytes: head.ContentLength, etag: head.ETag, mark: head.Metadata?.[UPLOAD_MARK] };
    }, statusOf);
  }
}

const md5 = (body: Buffer): Buffer => createHash('md5').update(body).digest();

/** Whether the storage holds just these bytes. A bucket that encrypts with a key of its own cannot tell: no. */
const isSame = (stored: Part, body: Buffer): boolean =>
  stored.bytes === body.length && stored.etag.replaceAll('"', '') === md5(body).toString('hex');

/** The saved state, when it is of S3 and of this very file. */
function resumable(resume: ResumeState | null, bytes: number): Multipart | null {
  if (!resume || resume.bytes !== bytes || resume.partBytes !== partBytesFor(bytes)) return null;
  const { uploadId, mark } = resume;
  if (typeof uploadId !== 'string' || typeof mark !== 'string') return null;
  return { uploadId, mark, bytes, partBytes: resume.partBytes };
}
