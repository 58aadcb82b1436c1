import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { SealedTrack } from '@parley/media';
import type { RecordingId } from '../../ids.js';
import type { RecordingDisk } from '../disk.js';
import { readTrackName, type TrackName } from './names.js';

/** A file that is to be kept, still in the folder of the work. */
export interface TrackFile extends Omit<SealedTrack, 'frames'>, TrackName {
  layer: string;
  name: string;
  path: string;
}

const run = promisify(execFile);
const sealer = createRequire(import.meta.url).resolve('@parley/media/seal');
/** An hour of one voice takes three to four seconds of processor time. */
const SEAL_LIMIT_MS = 60 * 60_000;
const SEAL_OUTPUT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * The files of track recordings while they are made: `under-way/<id>/<number of the layer>` is what the media workers
 * append to, `under-way/<id>/sealed` what becomes of it. Names say all there is to know of a file, so a server that comes
 * after a crash needs nothing else.
 */
export class TrackFiles {
  /** Taps that are being stopped, by recording. */
  readonly #closing = new Map<RecordingId, Set<Promise<unknown>>>();

  constructor(private readonly disk: RecordingDisk) {}

  async prepare(id: RecordingId, layers: number): Promise<void> {
    for (let layer = 0; layer < layers; layer += 1)
      await mkdir(this.folderOf(id, layer), { recursive: true, mode: 0o700 });
  }

  folderOf(id: RecordingId, layer: number): string {
    return join(this.disk.workFolder(id), String(layer));
  }

  /** Says that files of a recording are complete when `closed` resolves. */
  closing(id: RecordingId, closed: Promise<unknown>): void {
    const open = this.#closing.get(id) ?? new Set();
    this.#closing.set(id, open.add(closed));
    void closed.finally(() => {
      open.delete(closed);
      if (open.size === 0) this.#closing.delete(id);
    });
  }

  /** Resolves when all files of a recording are complete whose taps are being stopped. */
  async closed(id: RecordingId): Promise<void> {
    await Promise.all(this.#closing.get(id) ?? []);
  }

  /** When the last bytes of a recording were written, in Unix ms; null when there are none. */
  async lastWriteMs(id: RecordingId): Promise<number | null> {
    const folder = this.disk.workFolder(id);
    const names = await readdir(folder, { recursive: true });
    const tracks = names.filter((name) => readTrackName(basename(name)));
    const times = await Promise.all(tracks.map(async (name) => (await stat(join(folder, name))).mtimeMs));
    return times.length > 0 ? Math.max(...times) : null;
  }

  /** The final files of a recording whose taps are stopped, in order of their layers and names; may be done again. */
  async seal(id: RecordingId, layers: readonly string[], stop: AbortSignal): Promise<TrackFile[]> {
    await this.closed(id);
    const folder = this.#sealedFolder(id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const raw = await this.#raw(id, layers);
    const requests = raw.map(({ path, name }) => ({ from: path, to: join(folder, name) }));
    const sealed = await sealAll(requests, stop);
    return raw.flatMap((file, index) => {
      const result = sealed[index];
      return result ? [{ ...file, ...result, path: join(folder, file.name) }] : [];
    });
  }

  /** The files as the media workers left them, for where there is no room to seal them; they can be played. */
  async unsealed(id: RecordingId, layers: readonly string[]): Promise<TrackFile[]> {
    await rm(this.#sealedFolder(id), { recursive: true, force: true });
    const raw = await this.#raw(id, layers);
    const files = await Promise.all(
      raw.map(async (file) => {
        const { size, mtimeMs } = await stat(file.path);
        return { ...file, sizeBytes: size, durationMs: Math.max(0, mtimeMs - file.startedAtMs) };
      }),
    );
    return files.filter(({ sizeBytes }) => sizeBytes > 0);
  }

  #sealedFolder(id: RecordingId): string {
    return join(this.disk.workFolder(id), 'sealed');
  }

  async #raw(id: RecordingId, layers: readonly string[]) {
    const found: (TrackName & { layer: string; name: string; path: string })[] = [];
    for (const [index, layer] of layers.entries()) {
      const folder = this.folderOf(id, index);
      for (const name of (await readdir(folder)).sort()) {
        const track = readTrackName(name);
        if (track) found.push({ ...track, layer, name, path: join(folder, name) });
      }
    }
    return found;
  }
}

async function sealAll(
  requests: { from: string; to: string }[],
  signal: AbortSignal,
): Promise<(SealedTrack | null)[]> {
  if (requests.length === 0) return [];
  const sealing = run(process.execPath, [sealer], {
    env: {},
    signal,
    timeout: SEAL_LIMIT_MS,
    maxBuffer: SEAL_OUTPUT_MAX_BYTES,
  });
  sealing.child.stdin?.on('error', () => {});
  sealing.child.stdin?.end(JSON.stringify(requests));
  return JSON.parse((await sealing).stdout) as (SealedTrack | null)[];
}
