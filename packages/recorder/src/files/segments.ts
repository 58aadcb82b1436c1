import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';
import type { RecordedFile } from '../contract.js';
import { metadataStream, type PlacedCue } from '../timed-metadata/metadata-stream.js';
import type { Tools } from '../tools.js';
import { measure } from './probe.js';
import { encode } from './programs.js';

/** As in RealtimeKit's own tars (features.md RC40). */
const PLAYLIST_NAME = 'out.m3u8';
const SEGMENT_NAMES = 'out%04d.ts';

export interface SegmentsRequest {
  tools: Tools;
  folder: string;
  fileName: string;
}

/**
 * Makes HLS segments with timed metadata of what `input` names to ffmpeg, and a tar of them and their playlist; measured
 * as every file is. `plan` gives the arguments for a stream of metadata, or for none.
 */
export async function makeSegments(
  { tools, folder, fileName }: SegmentsRequest,
  input: readonly string[],
  plan: (metadata: string | null) => string[],
  cues: readonly PlacedCue[],
): Promise<RecordedFile> {
  const parts = join(folder, 'hls');
  const path = join(folder, `${fileName}.tar`);
  const unfinished = join(folder, 'unfinished.tar');
  try {
    await rm(parts, { recursive: true, force: true });
    await mkdir(parts);
    const output = ['-hls_segment_filename', join(parts, SEGMENT_NAMES), join(parts, PLAYLIST_NAME)];
    const metadata = await metadataInput(folder, cues);
    await encode(tools, [...input, ...metadata, ...plan(cues.length > 0 ? '1:d:0' : null), ...output]);
    const measures = await measure(tools, join(parts, PLAYLIST_NAME));
    const names = (await readdir(parts)).sort();
    await create({ file: unfinished, cwd: parts, portable: true }, names);
    const { size } = await stat(unfinished);
    await rename(unfinished, path);
    return { kind: 'video', path, bytes: size, ...measures };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
}

/** ffmpeg would have a file begin at its first packet, so it is told when that one is. */
async function metadataInput(folder: string, cues: readonly PlacedCue[]): Promise<string[]> {
  const [first] = cues;
  if (!first) return [];
  const path = join(folder, 'metadata.ts');
  await writeFile(path, metadataStream(cues));
  return ['-itsoffset', (first.atMs / 1000).toFixed(3), '-f', 'mpegts', '-i', path];
}
