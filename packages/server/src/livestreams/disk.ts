import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LivestreamSessionId } from '../ids.js';
import { PLAYLIST } from './addresses.js';

/** A line of the playlist that names a segment, which also is all that may be asked for. */
const SEGMENT = /^segment-\d{6,12}\.ts$/;

/** The folders of livestreams in the data folder: `<id>/work` belongs to the recorder, `<id>/hls` to the viewers. */
export class LivestreamDisk {
  private constructor(private readonly root: string) {}

  static async open(root: string): Promise<LivestreamDisk> {
    await mkdir(root, { recursive: true, mode: 0o700 });
    return new LivestreamDisk(root);
  }

  workFolder(id: LivestreamSessionId): string {
    return join(this.root, id, 'work');
  }

  hlsFolder(id: LivestreamSessionId): string {
    return join(this.root, id, 'hls');
  }

  /** Both folders, empty, whatever an earlier start has left in them; what there is to watch stays if it is to go on. */
  async prepare(id: LivestreamSessionId, { goesOn = false } = {}): Promise<void> {
    await (goesOn ? this.removeWorkFolder(id) : this.remove(id));
    for (const folder of [this.workFolder(id), this.hlsFolder(id)]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
  }

  async removeWorkFolder(id: LivestreamSessionId): Promise<void> {
    await rm(this.workFolder(id), { recursive: true, force: true, maxRetries: 3 });
  }

  async remove(id: LivestreamSessionId): Promise<void> {
    await rm(join(this.root, id), { recursive: true, force: true, maxRetries: 3 });
  }

  async ids(): Promise<LivestreamSessionId[]> {
    return (await readdir(this.root)) as LivestreamSessionId[];
  }

  /** Null as long as there is nothing to play. */
  async playlist(id: LivestreamSessionId): Promise<string | null> {
    const text = await readFile(join(this.hlsFolder(id), PLAYLIST), 'utf8').catch(() => '');
    return text.split('\n').some((line) => SEGMENT.test(line)) ? text : null;
  }

  /** When the playlist was written last, in milliseconds since 1970; null when there is none. */
  async playlistTime(id: LivestreamSessionId): Promise<number | null> {
    return await stat(join(this.hlsFolder(id), PLAYLIST)).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
  }

  /** Path of a segment; null for what is not the name of one. */
  segmentPath(id: LivestreamSessionId, name: string): string | null {
    return SEGMENT.test(name) ? join(this.hlsFolder(id), name) : null;
  }
}
