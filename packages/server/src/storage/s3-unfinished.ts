import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isUnknownUpload } from './s3-errors.js';
import { limit, PARTS_MAX, REQUEST_TIMEOUT_MS } from './target.js';

const PARTS_OF_A_PAGE = 1_000;

export interface ObjectName {
  Bucket: string;
  Key: string;
}

export interface Part {
  number: number;
  etag: string;
  bytes: number;
}

/** What the storage holds of an upload, by part number; null when it knows no such upload (any more). */
export async function storedParts(
  client: S3Client,
  object: ObjectName,
  uploadId: string,
  signal: AbortSignal,
): Promise<Map<number, Part> | null> {
  const parts = new Map<number, Part>();
  let after: string | undefined;
  try {
    for (let page = 0; page < PARTS_MAX / PARTS_OF_A_PAGE; page++) {
      const listed = await client.send(
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

/**
 * Aborts what an earlier attempt began and nobody knows of, because the server died before it had noted the id. Of one
 * object there is one upload at a time, and its name comes first of all that begin with it. Where the key may not list
 * uploads, strays are left to the bucket's lifecycle rule.
 */
export async function abortStrays(client: S3Client, object: ObjectName, signal: AbortSignal): Promise<void> {
  const options = () => ({ abortSignal: limit(signal, REQUEST_TIMEOUT_MS) });
  try {
    const { Uploads: uploads = [] } = await client.send(
      new ListMultipartUploadsCommand({ Bucket: object.Bucket, Prefix: object.Key }),
      options(),
    );
    for (const { Key, UploadId } of uploads) {
      if (Key !== object.Key || !UploadId) continue;
      await client.send(new AbortMultipartUploadCommand({ ...object, UploadId }), options());
    }
  } catch (error) {
    // A storage that is out of reach says so again at once; one that only refuses this takes the upload all the same.
    if (signal.aborted) throw error;
  }
}
