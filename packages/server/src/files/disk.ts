import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { ApiError } from '../http/errors.js';

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** The folder of the files that people send: one file for each id, whole or not there at all. */
export class FileDisk {
  private constructor(private readonly folder: string) {}

  /** What people send each other is for no other account of the machine. */
  static async open(folder: string): Promise<FileDisk> {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o700);
    return new FileDisk(folder);
  }

  /**
   * Writes a body beside its place and moves it there once it is whole. Answers its size in bytes. Throws ApiError
   * 413 beyond `maxBytes`, 503 with reason `disk_full`, 400 when the client hangs up; nothing is left behind then.
   */
  async write(id: string, body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<number> {
    const part = `${this.#path(id)}.part`;
    let bytes = 0;
    async function* counted(chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw tooLarge(maxBytes);
        yield chunk;
      }
    }
    try {
      const source = body ? Readable.fromWeb(body) : Readable.from([]);
      await pipeline(source, counted, createWriteStream(part, { flush: true }));
      await rename(part, this.#path(id));
    } catch (error) {
      await rm(part, { force: true });
      throw asApiError(error);
    }
    return bytes;
  }

  /** Bytes `first` to `last`, both included. */
  read(id: string, first: number, last: number): Readable {
    return createReadStream(this.#path(id), { start: first, end: last });
  }

  async remove(id: string): Promise<void> {
    await rm(this.#path(id), { force: true });
    await rm(`${this.#path(id)}.part`, { force: true });
  }

  #path(id: string): string {
    return join(this.folder, id);
  }
}

export const tooLarge = (maxBytes: number) =>
  new ApiError(413, `BAD_REQUEST: "body" must not be larger than ${maxBytes} bytes`, 'body');

function asApiError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (error instanceof ApiError) return error;
  if (NO_ROOM.has(code)) {
    return new ApiError(503, 'The server has no room left for files', undefined, 'disk_full');
  }
  const fromDisk = (error as NodeJS.ErrnoException).syscall !== undefined && code !== 'ECONNRESET';
  return fromDisk ? error : ApiError.badRequest('body', 'was not sent completely');
}
