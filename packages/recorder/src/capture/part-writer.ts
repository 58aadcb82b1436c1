import { type FileHandle, open } from 'node:fs/promises';

/** Puts down one part chunk by chunk, each with the system before the next is taken; `kill -9` loses none of them. */
export class PartWriter {
  #file: Promise<FileHandle> | null;
  bytes = 0;

  /** @param path null where no file is wanted of what is only streamed. */
  constructor(path: string | null) {
    this.#file = path === null ? null : open(path, 'a');
    // Whoever writes first is told; until then nobody may have asked.
    this.#file?.catch(() => {});
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.#file) await (await this.#file).appendFile(chunk);
    this.bytes += chunk.byteLength;
  }

  async close(): Promise<void> {
    const file = await this.#file?.catch(() => null);
    this.#file = null;
    await file?.close();
  }
}
