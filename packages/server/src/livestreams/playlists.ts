import { createHash } from 'node:crypto';
import type { LivestreamDisk } from './disk.js';
import { Remembered } from './remembered.js';
import type { WatchedRun } from './watched-runs.js';

const END = '#EXT-X-ENDLIST\n';
/** A quarter of a segment: so much later viewers learn of one, and so long they all share one look at the disk. */
const REMEMBERED_MS = 500;
/** At the longest window a playlist has some 100 KiB. */
const REMEMBERED_MAX = 200;

export interface Playlist {
  text: string;
  /** Another one for each text. */
  etag: string;
}

/** Playlists as viewers get them, made once for all who ask within a moment. */
export class Playlists {
  readonly #remembered = new Remembered<Playlist>(REMEMBERED_MS, REMEMBERED_MAX);

  constructor(private readonly disk: Pick<LivestreamDisk, 'playlist'>) {}

  /** Null as long as there is nothing to play. */
  find(run: WatchedRun): Promise<Playlist | null> {
    return this.#remembered.find(`${run.id} ${run.isOver}`, async () => {
      const written = await this.disk.playlist(run.id);
      if (written === null) return null;
      const text = served(written, run);
      return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` };
    });
  }
}

/**
 * Segments below the folder of their run. The end is that of the run, whatever its recorder has written: one that has lost
 * its server ends its part, and another one goes on; and one that was killed ends nothing.
 */
function served(playlist: string, { id, isOver }: WatchedRun): string {
  const text = playlist.replaceAll(/^(?=segment-)/gm, `${id}/`).replaceAll(END, '');
  return isOver ? `${text.trimEnd()}\n${END}` : text;
}
