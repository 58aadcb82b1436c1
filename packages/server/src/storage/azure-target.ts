import { createHash, randomUUID } from 'node:crypto';
import type { BlobGetPropertiesResponse, BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import type { AddressRule } from '../network/address-guard.js';
import { createAzureClient } from './azure-client.js';
import { azureFailure, statusOf } from './azure-errors.js';
import type { AzureConfig } from './config.js';
import { StorageError } from './errors.js';
import { LocalFile } from './local-file.js';
import {
  COMPLETE_TIMEOUT_MS,
  LARGEST_PART_BYTES,
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
      const file = await LocalFile.open(upload.path, partBytesFor);
      try {
        const blob = this.#container.getBlockBlobClient(this.#pathOf(upload.name));
        await this.#send(blob, file, upload);
        const { origin, pathname } = new URL(blob.url);
        return { location: `${origin}${decodeURIComponent(pathname)}`, bytes: file.bytes };
      } finally {
        await file.close();
      }
    } catch (error) {
      throw azureFailure(error, this.#config.bucket);
    }
  }

  /** Blocks that no list names cannot be removed; the service forgets them after a week. */
  async discard(): Promise<void> {}

  async close(): Promise<void> {
    this.#closeClient();
  }

  #pathOf(name: string): string {
    const folders = (this.#config.path ?? '').split('/').filter((folder) => folder !== '');
    return [...folders, name].join('/');
  }

  async #send(blob: BlockBlobClient, file: LocalFile, upload: Upload): Promise<void> {
    const partBytes = partBytesFor(file.bytes);
    if (partBytes > LARGEST_PART_BYTES) throw new StorageError('refused', 'The file is too large to upload');
    const begun = resumable(upload.resume, file.bytes);
    if (begun && (await this.#isFinished(blob, begun, upload.signal))) return;
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
    await this.#verify(blob, { bytes: file.bytes, etag }, upload.signal);
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

  /** True when the blob that is there was made by this upload: the crash came after its last request. */
  async #isFinished(blob: BlockBlobClient, { mark, bytes }: Begun, signal: AbortSignal): Promise<boolean> {
    const found = await this.#properties(blob, signal);
    return (
      typeof found === 'object' && found.metadata?.[UPLOAD_MARK] === mark && found.contentLength === bytes
    );
  }

  /** Throws StorageError unless the storage holds what was sent; the MD5 of each block was checked by it. */
  async #verify(
    blob: BlockBlobClient,
    sent: { bytes: number; etag: string | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const found = await this.#properties(blob, signal);
    if (found === 'hidden') return;
    if (found === 'missing') throw new StorageError('retryable', 'The storage has lost what was sent');
    if (found.contentLength !== sent.bytes || found.etag !== sent.etag) {
      throw new StorageError('retryable', 'The storage holds something else than what was sent');
    }
  }

  async #properties(
    blob: BlockBlobClient,
    signal: AbortSignal,
  ): Promise<BlobGetPropertiesResponse | 'hidden' | 'missing'> {
    try {
      return await blob.getProperties({ abortSignal: limit(signal, REQUEST_TIMEOUT_MS) });
    } catch (error) {
      const status = statusOf(error);
      if (status === 403) return 'hidden';
      if (status === 404) return 'missing';
      throw error;
    }
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
