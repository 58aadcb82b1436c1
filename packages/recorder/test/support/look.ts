import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SAMPLE_RATE_HZ = 48_000;
/** A flash is white on blue; half way between their brightness. */
const BRIGHT = 180;
const LOUD = 1_000;

export interface Look {
  /** As ffprobe tells them. */
  streams: { codec_name: string; width?: number; height?: number; channels?: number }[];
  /** Seconds since the beginning, of each decoded frame. */
  frameTimes: number[];
  /** Red, green and blue of the left upper corner in most frames. */
  colour: [number, number, number];
  /** Seconds of the first bright frame of each flash, and of the first loud sample of each beep. */
  flashes: number[];
  beeps: number[];
}

/** Decodes a recording of the app of `fixtures` and says what can be seen and heard. */
export async function lookAt(path: string): Promise<Look> {
  const [streams, frameTimes, corners, sound] = await Promise.all([
    readStreams(path),
    readTimes(path),
    readCorners(path),
    readSound(path),
  ]);
  const isBright = (frame: number): boolean => (corners[frame * 3] ?? 0) > BRIGHT;
  const flashes = frameTimes.filter((_, frame) => isBright(frame) && !isBright(frame - 1));
  const dark = frameTimes.findIndex((_, frame) => !isBright(frame));
  return {
    streams,
    frameTimes,
    colour: [corners[dark * 3]!, corners[dark * 3 + 1]!, corners[dark * 3 + 2]!],
    flashes,
    beeps: beginningsOf(sound),
  };
}

async function readStreams(path: string): Promise<Look['streams']> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', path]);
  return (JSON.parse(stdout) as Pick<Look, 'streams'>).streams;
}

async function readTimes(path: string): Promise<number[]> {
  const shown = ['-select_streams', 'v', '-show_entries', 'frame=best_effort_timestamp_time'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...shown, '-of', 'csv=p=0', path], LARGE);
  return stdout.trim().split('\n').map(Number.parseFloat);
}

const LARGE = { maxBuffer: 256 * 1024 * 1024 };
const RAW = { ...LARGE, encoding: 'buffer' } as const;

async function readCorners(path: string): Promise<Buffer> {
  const filter = ['-vf', 'crop=32:32:0:0,scale=1:1', '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', path, '-an', '-fps_mode', 'passthrough', ...filter],
    RAW,
  );
  return stdout;
}

async function readSound(path: string): Promise<Int16Array> {
  const format = [
    '-ac',
    '1',
    '-ar',
    String(SAMPLE_RATE_HZ),
    '-af',
    'aresample=async=1:first_pts=0',
    '-f',
    's16le',
    '-',
  ];
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, '-vn', ...format], RAW);
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
}

function beginningsOf(sound: Int16Array): number[] {
  const beginnings: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  sound.forEach((sample, index) => {
    if (Math.abs(sample) < LOUD) return;
    if (index - lastLoud > SAMPLE_RATE_HZ / 3) beginnings.push(index / SAMPLE_RATE_HZ);
    lastLoud = index;
  });
  return beginnings;
}

/** How much later the sound of each flash comes than its picture, in milliseconds. */
export function lipSyncMs({ flashes, beeps }: Look): number[] {
  return flashes
    .map((flash) => beeps.map((beep) => (beep - flash) * 1000).sort((a, b) => Math.abs(a) - Math.abs(b))[0])
    .filter((offset) => offset !== undefined && Math.abs(offset) < 400) as number[];
}
