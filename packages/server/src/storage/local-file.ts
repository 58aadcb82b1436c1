import { type FileHandle, open } from 'node:fs/promises';
import { StorageError } from './errors.js';

/** A file on its way to a storage, read part by part into one buffer. */
export class LocalFile {
  readonly #handle: FileHandle;
  readonly #buffer: Buffer;

  private constructor(
    handle: FileHandle,
    readonly bytes: number,
    bufferBytes: number,
  ) {
    this.#handle = handle;
    this.#buffer = Buffer.allocUnsafe(Math.min(bytes, bufferBytes));
  }

  /**
   * Opens a file while `use` needs it. Throws StorageError (refused) when there is none, and what `use` throws.
   * `partBytes` chooses the size of the parts.
   */
  static async whileOpen<T>(
    path: string,
    partBytes: (fileBytes: number) => number,
    use: (file: LocalFile) => Promise<T>,
  ): Promise<T> {
    const handle = await open(path).catch(() => {
      throw new StorageError('refused', 'The file to upload is gone');
    });
    try {
      const { size } = await handle.stat();
      return await use(new LocalFile(handle, size, partBytes(size)));
    } finally {
      await handle.close();
    }
  }

  /** The bytes from `position` on, up to a part's; valid until the next call. */
  async read(position: number): Promise<Buffer> {
    const wanted = Math.min(this.#buffer.length, this.bytes - position);
    let read = 0;
    while (read < wanted) {
      const { bytesRead } = await this.#handle.read(this.#buffer, read, wanted - read, position + read);
      if (bytesRead === 0) throw new StorageError('refused', 'The file to upload has become shorter');
      read += bytesRead;
    }
    return this.#buffer.subarray(0, wanted);
  }
}
