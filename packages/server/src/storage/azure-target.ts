import { createHash, randomUUID } from 'node:crypto';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { AddressRule } from '../network/address-guard.js';
import { createAzureClient } from './azure-client.js';
import { azureFailure, statusOf } from './azure-errors.js';
import type { AzureConfig } from './config.js';
import { type FoundObject, findObject, isMadeBy, objectKey, requireStored } from './found-object.js';
import { LocalFile } from './local-file.js';
import {
  COMPLETE_TIMEOUT_MS,
  limit,
  partBytesFor,
  partTimeoutMs,
  REQUEST_TIMEOUT_MS,
  type ResumeState,
  type StorageTarget,
  type StoredObject,
  type Upload,
} from './target.js';

/** Metadata of a blob that tells which of our uploads made it; Azure takes names of programming languages only. */
const UPLOAD_MARK = 'parley_upload';
const PART_NUMBER_DIGITS = 5;

/**
 * Uploads to Azure Blob Storage: each part is put as a block, and the list of the blocks makes the blob. A block is
 * named after its number and its MD5, so what an earlier attempt has brought is recognised by its name.
 */
export class AzureTarget implements StorageTarget {
  readonly #config: AzureConfig;
  readonly #container: ContainerClient;
  readonly #closeClient: () => void;

  /** Throws StorageError (refused) for what is no connection string. */
  constructor(config: AzureConfig, rule: AddressRule) {
    this.#config = config;
    const { container, close } = createAzureClient(config, rule);
    this.#container = container;
    this.#closeClient = close;
  }

  async upload(upload: Upload): Promise<StoredObject> {
    try {
      const blob = this.#container.getBlockBlobClient(objectKey(this.#config.path, upload.name));
      const bytes = await LocalFile.whileOpen(upload.path, partBytesFor, async (file) => {
        await this.#send(blob, file, upload);
        return file.bytes;
      });
      const { origin, pathname } = new URL(blob.url);
      return { location: `${origin}${decodeURIComponent(pathname)}`, bytes };
    } catch (error) {
      throw azureFailure(error, this.#config.bucket);
    }
  }

  /** Blocks that no list names cannot be removed; the service forgets them after a week. */
  async discard(): Promise<void> {}

  async close(): Promise<void> {
    this.#closeClient();
  }

  async #send(blob: BlockBlobClient, file: LocalFile, upload: Upload): Promise<void> {
    const begun = resumable(upload.resume, file.bytes);
    if (begun && isMadeBy(await this.#find(blob, upload.signal), begun)) return;
    const state = begun ?? { mark: randomUUID(), bytes: file.bytes };
    const stored = begun ? await this.#storedBlocks(blob, upload.signal) : new Set();

    const blocks: string[] = [];
    for (let sent = 0; sent < file.bytes; ) {
      const body = await file.read(sent);
      const md5 = createHash('md5').update(body).digest();
      const block = nameOfBlock(blocks.length + 1, md5);
      blocks.push(block);
      sent += body.length;
      if (stored.has(block)) continue;
      await blob.stageBlock(block, body, body.length, {
        transactionalContentMD5: md5,
        abortSignal: limit(upload.signal, partTimeoutMs(body.length)),
      });
      await upload.saveResume({ ...state }, sent);
    }
    const { etag } = await blob.commitBlockList(blocks, {
      blobHTTPHeaders: { blobContentType: upload.contentType },
      metadata: { [UPLOAD_MARK]: state.mark },
      abortSignal: limit(upload.signal, COMPLETE_TIMEOUT_MS),
    });
    requireStored(await this.#find(blob, upload.signal), { bytes: file.bytes, etag });
  }

  /** Names of the blocks that came across and belong to no blob yet; none after a week. */
  async #storedBlocks(blob: BlockBlobClient, signal: AbortSignal): Promise<Set<string>> {
    try {
      const list = await blob.getBlockList('uncommitted', { abortSignal: limit(signal, REQUEST_TIMEOUT_MS) });
      return new Set(list.uncommittedBlocks?.map(({ name }) => name));
    } catch (error) {
      // 403: a signature that may only write. The blocks are sent once more then.
      if (statusOf(error) === 404 || statusOf(error) === 403) return new Set();
      throw error;
    }
  }

  #find(blob: BlockBlobClient, signal: AbortSignal): Promise<FoundObject> {
    return findObject(async () => {
      const found = await blob.getProperties({ abortSignal: limit(signal, REQUEST_TIMEOUT_MS) });
      return { bytes: found.contentLength, etag: found.etag, mark: found.metadata?.[UPLOAD_MARK] };
    }, statusOf);
  }
}

/** An upload under way. */
interface Begun {
  /** Written into the blob's metadata, so that a finished upload is recognised after a crash. */
  mark: string;
  bytes: number;
}

/** The saved state, when it is of Azure and of this very file. */
function resumable(resume: ResumeState | null, bytes: number): Begun | null {
  if (!resume || resume.bytes !== bytes || typeof resume.mark !== 'string') return null;
  return { mark: resume.mark, bytes };
}

/** All names of a blob's blocks have to be of one length. */
const nameOfBlock = (number: number, md5: Buffer): string =>
  Buffer.concat([Buffer.from(String(number).padStart(PART_NUMBER_DIGITS, '0')), md5]).toString('base64');
