import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { RecordingId } from '../ids.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The folders of recordings in the data folder: `under-way/<id>` belongs to the recorder, `done/<id>` holds the
 * files of a recording that is over. Both are on one disk, so that moving a file is one step.
 */
export class RecordingDisk {
  private constructor(private readonly root: string) {}

  static async open(root: string): Promise<RecordingDisk> {
    for (const part of ['under-way', 'done']) await mkdir(join(root, part), { recursive: true, mode: 0o700 });
    return new RecordingDisk(root);
  }

  workFolder(id: RecordingId): string {
    return join(this.root, 'under-way', id);
  }

  /** Of which recordings there is something under way, or left by a crash. */
  async workFolders(): Promise<RecordingId[]> {
    return (await readdir(join(this.root, 'under-way'))).filter((name) => UUID.test(name)) as RecordingId[];
  }

  /** Empty, whatever an earlier start left in it. */
  async freshWorkFolder(id: RecordingId): Promise<string> {
    const folder = this.workFolder(id);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  async removeWorkFolder(id: RecordingId): Promise<void> {
    await rm(this.workFolder(id), { recursive: true, force: true });
  }

  pathOf(id: RecordingId, name: string): string {
    return join(this.root, 'done', id, name);
  }

  /** Takes a file of the recorder over; done twice it does nothing more. */
  async keep(id: RecordingId, from: string, name: string): Promise<void> {
    await mkdir(join(this.root, 'done', id), { recursive: true, mode: 0o700 });
    if ((await this.bytesOf(id, name)) === null) await rename(from, this.pathOf(id, name));
  }

  /** Null when there is no such file. */
  async bytesOf(id: RecordingId, name: string): Promise<number | null> {
    try {
      return (await stat(this.pathOf(id, name))).size;
    } catch {
      return null;
    }
  }

  /** Bytes `first` to `last`, both included. */
  read(id: RecordingId, name: string, first: number, last: number): Readable {
    return createReadStream(this.pathOf(id, name), { start: first, end: last });
  }

  async remove(id: RecordingId): Promise<void> {
    await rm(join(this.root, 'done', id), { recursive: true, force: true });
  }
}
