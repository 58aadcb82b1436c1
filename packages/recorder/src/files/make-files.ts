import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { partTimes } from '../capture/part-times.js';
import { capturedParts, soundWasHeard } from '../capture/parts.js';
import type { Cue, Output, RecordedFile } from '../contract.js';
import { Failure } from '../failure.js';
import { placeCues } from '../timed-metadata/cue-times.js';
import type { Tools } from '../tools.js';
import { audioExport, type FilePlan, segmentsExport, videoExport } from './plans.js';
import { capturedCodec, capturedStreams, measure } from './probe.js';
import { encode } from './programs.js';
import { makeSegments } from './segments.js';

export interface FilesRequest {
  tools: Tools;
  folder: string;
  fileName: string;
  output: Output;
  /** How much of a part counts, in milliseconds by its path; where nothing is said, as far as it was put down. */
  lengthsMs?: ReadonlyMap<string, number>;
  /** Of an interactive recording. */
  cues?: readonly Cue[];
}

/** A file that is nowhere louder than this holds none of the sound that was heard. */
const AUDIBLE_DBFS = -70;

/**
 * Makes the files that were asked for of the parts in the folder, and looks at each before it counts. Throws Failure:
 * `empty` where there is nothing to see, or nothing to hear although the page had sound.
 */
export async function makeFiles(request: FilesRequest): Promise<RecordedFile[]> {
  const { folder, output } = request;
  const parts = await capturedParts(folder);
  if (parts.length === 0) throw new Failure('empty', 'Nothing was captured.');
  const inOneOrder = await withStreamsInOneOrder(request.tools, parts);
  const times = await partTimes(folder);
  const lengthOf = (path: string) => request.lengthsMs?.get(path) ?? times.get(path)?.lengthMs;
  const input = await inputOf(folder, parts, inOneOrder, lengthOf);
  const files: RecordedFile[] = [];
  if (output.video?.exportFile) {
    const captured = await capturedCodec(request.tools, parts[0]!);
    if (output.video.interactive) {
      const stretches = parts.flatMap((path) => {
        const startedAtMs = times.get(path)?.startedAtMs;
        return startedAtMs === undefined ? [] : [{ startedAtMs, lengthMs: lengthOf(path) }];
      });
      const cues = placeCues(request.cues ?? [], stretches);
      files.push(await makeSegments(request, input, segmentsExport(output.audio, captured), cues));
    } else {
      files.push(await makeFile(request, input, videoExport(output.video, output.audio, captured)));
    }
  }
  if (output.audio.exportFile) files.push(await makeFile(request, input, audioExport(output.audio)));
  await refuseEmpty(folder, files);
  return files;
}

/**
 * The parts with picture and sound where the first one has them: Chromium begins each with whichever comes first, and
 * ffmpeg takes the streams of later parts for those of the first one by their numbers.
 */
async function withStreamsInOneOrder(tools: Tools, parts: readonly string[]): Promise<string[]> {
  const [first, ...later] = parts;
  if (first === undefined || later.length === 0) return [...parts];
  const order = await capturedStreams(tools, first);
  const maps = order.flatMap((kind) => ['-map', `0:${kind}?`]);
  const ordered = [first];
  for (const path of later) {
    const isAsFirst = (await capturedStreams(tools, path)).join() === order.join();
    if (!isAsFirst) await encode(tools, ['-i', path, ...maps, '-c', 'copy', `${path}.ordered.mkv`]);
    ordered.push(isAsFirst ? path : `${path}.ordered.mkv`);
  }
  return ordered;
}

/** ffmpeg's arguments that read all parts as one, without the pauses between them (features.md RC06). */
async function inputOf(
  folder: string,
  parts: readonly string[],
  /** The same ones as they are to be read. */
  files: readonly string[],
  lengthOf: (path: string) => number | undefined,
): Promise<string[]> {
  const end = (option: string, path: string): string[] => {
    const lengthMs = lengthOf(path);
    return lengthMs === undefined || lengthMs <= 0 ? [] : [option, (lengthMs / 1000).toFixed(3)];
  };
  if (parts.length === 1) return [...end('-t', parts[0]!), '-i', parts[0]!];
  const list = join(folder, 'parts.txt');
  const lines = parts.flatMap((path, index) => [
    `file '${files[index]!.replaceAll("'", "'\\''")}'`,
    end('outpoint', path).join(' '),
  ]);
  await writeFile(list, `${lines.filter((line) => line !== '').join('\n')}\n`);
  return ['-f', 'concat', '-safe', '0', '-i', list];
}

async function makeFile(request: FilesRequest, input: string[], plan: FilePlan): Promise<RecordedFile> {
  const path = join(request.folder, `${request.fileName}.${plan.ending}`);
  const unfinished = join(request.folder, `unfinished.${plan.ending}`);
  try {
    await encode(request.tools, [...input, ...plan.args, unfinished]);
    const measures = await measure(request.tools, unfinished);
    const { size } = await stat(unfinished);
    await rename(unfinished, path);
    return { kind: plan.kind, path, bytes: size, ...measures };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function refuseEmpty(folder: string, files: readonly RecordedFile[]): Promise<void> {
  const heard = await soundWasHeard(folder);
  for (const { kind, frames, durationMs, peakDbfs } of files) {
    if (durationMs === 0) throw new Failure('empty', `The ${kind} file has no length.`);
    if (kind === 'video' && frames === 0) throw new Failure('empty', 'The file shows no frame.');
    if (heard && (peakDbfs === null || peakDbfs < AUDIBLE_DBFS)) {
      throw new Failure('empty', `The page had sound and the ${kind} file has none.`);
    }
  }
}
