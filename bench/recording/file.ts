import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface FileFacts {
  durationMs: number;
  framesPerSecond: number;
  /** The loudest sample in dBFS; -Infinity for silence. */
  peakDbfs: number;
}

/** Decodes a finished recording. */
export async function factsOf(path: string): Promise<FileFacts> {
  const shown = ['-count_frames', '-show_entries', 'stream=nb_read_frames:format=duration', '-of', 'json'];
  const probed = await run('ffprobe', ['-v', 'error', '-select_streams', 'v', ...shown, path]);
  const { streams, format } = JSON.parse(probed.stdout) as {
    streams: { nb_read_frames: string }[];
    format: { duration: string };
  };
  const heard = await run('ffmpeg', ['-i', path, '-vn', '-af', 'volumedetect', '-f', 'null', '-']);
  const seconds = Number(format.duration);
  return {
    durationMs: seconds * 1000,
    framesPerSecond: Number(streams[0]?.nb_read_frames ?? 0) / seconds,
    peakDbfs: Number(/max_volume: (-?[\d.]+) dB/.exec(heard.stderr)?.[1] ?? Number.NEGATIVE_INFINITY),
  };
}
