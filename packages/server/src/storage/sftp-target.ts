import type { AddressRule } from '../network/address-guard.js';
import type { SftpConfig } from './config.js';
import { StorageError } from './errors.js';
import { LocalFile } from './local-file.js';
import { SftpConnection } from './sftp-connection.js';
import { sftpFailure } from './sftp-errors.js';
import {
  DISCARD_TIMEOUT_MS,
  PART_BYTES,
  partTimeoutMs,
  type ResumeState,
  type StorageTarget,
  type StoredObject,
  type Upload,
} from './target.js';

/** A file carries this at the end of its name until it is whole. */
const PART_SUFFIX = '.part';

/** Uploads by SFTP: into a file beside the final one, which gets its name when it is whole. */
export class SftpTarget implements StorageTarget {
  readonly #config: SftpConfig;
  readonly #rule: AddressRule;

  constructor(config: SftpConfig, rule: AddressRule) {
    this.#config = config;
    this.#rule = rule;
  }

  async upload(upload: Upload): Promise<StoredObject> {
    // A server that goes silent in the middle of a part ends the connection, and the attempt.
    const stall = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const allow = (bytes: number) => {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(), partTimeoutMs(bytes));
    };
    try {
      allow(0);
      return await LocalFile.whileOpen(
        upload.path,
        () => PART_BYTES,
        async (file) => {
          const signal = AbortSignal.any([upload.signal, stall.signal]);
          const connection = await SftpConnection.open(this.#config, this.#rule, signal);
          try {
            return await this.#send(connection, file, upload, allow);
          } finally {
            connection.close();
          }
        },
      );
    } catch (error) {
      if (stall.signal.aborted) throw new StorageError('retryable', 'The SFTP server did not answer in time');
      throw sftpFailure(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async discard(name: string): Promise<void> {
    try {
      const signal = AbortSignal.timeout(DISCARD_TIMEOUT_MS);
      const connection = await SftpConnection.open(this.#config, this.#rule, signal);
      try {
        await connection.remove(this.#pathOf(name) + PART_SUFFIX);
      } finally {
        connection.close();
      }
    } catch {
      // What is left behind is named as unfinished.
    }
  }

  /** Connections live as long as an upload. */
  async close(): Promise<void> {}

  #pathOf(name: string): string {
    const folder = (this.#config.path ?? '').replace(/\/+$/, '');
    return this.#config.path ? `${folder}/${name}` : name;
  }

  async #send(
    connection: SftpConnection,
    file: LocalFile,
    upload: Upload,
    allow: (bytes: number) => void,
  ): Promise<StoredObject> {
    const path = this.#pathOf(upload.name);
    const draft = path + PART_SUFFIX;
    const stored = { location: `sftp://${this.#config.host}/${path.replace(/^\//, '')}`, bytes: file.bytes };

    const acknowledged = acknowledgedBytes(upload.resume, file.bytes);
    const draftBytes = acknowledged === 0 ? null : await connection.sizeOf(draft);
    const isRenamed = draftBytes === null && acknowledged === file.bytes && file.bytes > 0;
    if (isRenamed && (await connection.sizeOf(path)) === file.bytes) return stored;

    let sent = Math.min(acknowledged, draftBytes ?? 0);
    if (sent === 0) await connection.makeFolders(path);
    const handle = await connection.open(draft, sent === 0 ? 'w' : 'r+');
    while (sent < file.bytes) {
      const part = await file.read(sent);
      allow(part.length);
      await connection.write(handle, part, sent);
      await connection.sync(handle);
      sent += part.length;
      await upload.saveResume({ bytes: file.bytes, sentBytes: sent }, sent);
    }
    await connection.closeFile(handle);
    if ((await connection.sizeOf(draft)) !== file.bytes) {
      await upload.saveResume({ bytes: file.bytes, sentBytes: 0 }, 0);
      throw new StorageError('retryable', 'The SFTP server holds something else than what was sent');
    }
    await connection.rename(draft, path);
    return stored;
  }
}

/** What an earlier attempt at this very file brought across; 0 for a new upload. */
function acknowledgedBytes(resume: ResumeState | null, fileBytes: number): number {
  if (resume?.bytes !== fileBytes || typeof resume.sentBytes !== 'number') return 0;
  return Math.min(resume.sentBytes, fileBytes);
}
