import type { RecordedFile } from '../contract.js';
import type { Tools } from '../tools.js';
import { runProgram } from './programs.js';

export type Measures = Pick<RecordedFile, 'durationMs' | 'frames' | 'peakDbfs'>;

/**
 * What a file really holds. All sound is decoded; of the picture the key frames are, which is enough to find a
 * stream that no player can show, and takes seconds for hours of recording.
 */
export async function measure(tools: Tools, path: string): Promise<Measures> {
  const { durationMs, frames } = await readHeaders(tools, path);
  const decoded = await runProgram(tools.ffmpeg, [
    ...['-nostdin', '-hide_banner', '-v', 'info', '-nostats', '-skip_frame', 'nokey', '-i', path],
    ...['-map', '0:v?', '-map', '0:a?', '-af', 'volumedetect', '-progress', 'pipe:1', '-f', 'null', '-'],
  ]);
  const keyFrames = Number(
    decoded.stdout
      .match(/frame=\s*(\d+)/g)
      ?.at(-1)
      ?.replace(/\D/g, '') ?? 0,
  );
  const peak = decoded.stderr.match(/max_volume: (-?[\d.]+) dB/)?.[1];
  return {
    durationMs,
    frames: keyFrames > 0 ? frames : 0,
    peakDbfs: peak === undefined || Number(peak) <= SILENCE_DBFS ? null : Number(peak),
  };
}

/** volumedetect works on 16 bits, where nothing but zeros is reported as this level. */
const SILENCE_DBFS = -91;

interface Probe {
  streams?: { codec_type: string; nb_read_packets?: string }[];
  format?: { duration?: string };
}

async function readHeaders(tools: Tools, path: string): Promise<{ durationMs: number; frames: number }> {
  const { stdout } = await runProgram(tools.ffprobe, [
    ...['-v', 'error', '-count_packets', '-of', 'json'],
    ...['-show_entries', 'stream=codec_type,nb_read_packets:format=duration', path],
  ]);
  const { streams = [], format } = JSON.parse(stdout) as Probe;
  const video = streams.find(({ codec_type }) => codec_type === 'video');
  return {
    durationMs: Math.round(Number(format?.duration ?? 0) * 1000),
    frames: Number(video?.nb_read_packets ?? 0),
  };
}

/** What Chromium encoded the picture with. */
export async function capturedCodec(tools: Tools, part: string): Promise<'H264' | 'VP8'> {
  const { stdout } = await runProgram(tools.ffprobe, [
    ...[
      '-v',
      'error',
      '-select_streams',
      'v:0',
      '-show_entries',
      'stream=codec_name',
      '-of',
      'csv=p=0',
      part,
    ],
  ]);
  return stdout.trim() === 'h264' ? 'H264' : 'VP8';
}

/** Which streams a part has, in their order. */
export async function capturedStreams(tools: Tools, part: string): Promise<('v' | 'a')[]> {
  const { stdout } = await runProgram(tools.ffprobe, [
    ...['-v', 'error', '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', part],
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((kind) => (kind.startsWith('video') ? 'v' : 'a'));
}
