import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { capturedParts, soundWasHeard } from '../capture/parts.js';
import type { Output, RecordedFile } from '../contract.js';
import { Failure } from '../failure.js';
import type { Tools } from '../tools.js';
import { audioExport, type FilePlan, videoExport } from './plans.js';
import { capturedCodec, measure } from './probe.js';
import { runProgram } from './programs.js';

export interface FilesRequest {
  tools: Tools;
  folder: string;
  fileName: string;
  output: Output;
  /** How much of a part counts, in milliseconds by its path; all of it where nothing is said. */
  lengthsMs?: ReadonlyMap<string, number>;
}

/** A file that is nowhere louder than this holds none of the sound that was heard. */
const AUDIBLE_DBFS = -70;
/** ffmpeg that was killed, by whoever needed the memory, may well come through the second time. */
const ATTEMPTS = 2;

/**
 * Makes the files that were asked for of the parts in the folder, and looks at each before it counts. Throws Failure:
 * `empty` where there is nothing to see, or nothing to hear although the page had sound.
 */
export async function makeFiles(request: FilesRequest): Promise<RecordedFile[]> {
  const { folder, output } = request;
  const parts = await capturedParts(folder);
  if (parts.length === 0) throw new Failure('empty', 'Nothing was captured.');
  const plans = [
    ...(output.video?.exportFile
      ? [videoExport(output.video, output.audio, await capturedCodec(request.tools, parts[0]!))]
      : []),
    ...(output.audio.exportFile ? [audioExport(output.audio)] : []),
  ];
  const input = await inputOf(request, parts);
  const files: RecordedFile[] = [];
  for (const plan of plans) files.push(await makeFile(request, input, plan));
  await refuseEmpty(folder, files);
  return files;
}

/** ffmpeg's arguments that read all parts as one, without the pauses between them (features.md RC06). */
async function inputOf({ folder, lengthsMs }: FilesRequest, parts: readonly string[]): Promise<string[]> {
  const end = (option: string, path: string): string[] => {
    const lengthMs = lengthsMs?.get(path);
    return lengthMs === undefined || lengthMs <= 0 ? [] : [option, (lengthMs / 1000).toFixed(3)];
  };
  if (parts.length === 1) return [...end('-t', parts[0]!), '-i', parts[0]!];
  const list = join(folder, 'parts.txt');
  const lines = parts.flatMap((path) => [
    `file '${path.replaceAll("'", "'\\''")}'`,
    end('outpoint', path).join(' '),
  ]);
  await writeFile(list, `${lines.filter((line) => line !== '').join('\n')}\n`);
  return ['-f', 'concat', '-safe', '0', '-i', list];
}

async function makeFile(request: FilesRequest, input: string[], plan: FilePlan): Promise<RecordedFile> {
  const path = join(request.folder, `${request.fileName}.${plan.ending}`);
  const unfinished = join(request.folder, `unfinished.${plan.ending}`);
  const args = ['-nostdin', '-hide_banner', '-v', 'error', '-y', '-fflags', '+genpts', ...input];
  try {
    await withAttempts(() => runProgram(request.tools.ffmpeg, [...args, ...plan.args, unfinished]));
    const measures = await measure(request.tools, unfinished);
    const { size } = await stat(unfinished);
    await rename(unfinished, path);
    return { kind: plan.kind, path, bytes: size, ...measures };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function withAttempts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || (error as Failure).code === 'disk_full') throw error;
    }
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
