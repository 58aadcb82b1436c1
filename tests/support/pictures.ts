import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BYTES_PER_PIXEL = 3;
const MAX_BYTES = 256 * 1024 * 1024;

/** `light` is everything but the dark that is behind all. */
export type Colour = 'red' | 'green' | 'blue' | 'yellow' | 'light';

/** One decoded picture of a recording. */
export interface Picture {
  /** Part of the picture that is of a colour, from 0 to 1. */
  share(colour: Colour): number;
  /** The smallest frame around all that is of a colour, both edges included; null where nothing is. */
  bounds(colour: Colour): { left: number; top: number; right: number; bottom: number } | null;
}

const IS: Record<Colour, (red: number, green: number, blue: number) => boolean> = {
  red: (red, green, blue) => red > 170 && green < 90 && blue < 90,
  green: (red, green, blue) => green > red + 40 && green > blue + 40,
  blue: (red, green, blue) => blue > 150 && blue > red + 60 && blue > green + 40,
  yellow: (red, green, blue) => red > 150 && green > 150 && blue < 90,
  light: (...parts) => Math.max(...parts) > 40,
};

/** So many pictures of each second, brought to a size. */
export async function picturesOf(
  path: string,
  perSecond: number,
  { width, height }: { width: number; height: number },
): Promise<Picture[]> {
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-i', path, '-an', '-vf', `fps=${perSecond},scale=${width}:${height}`],
      ...['-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'],
    ],
    { encoding: 'buffer', maxBuffer: MAX_BYTES },
  );
  const bytes = width * height * BYTES_PER_PIXEL;
  return Array.from({ length: Math.floor(stdout.length / bytes) }, (_, index) =>
    pictureOf(stdout.subarray(index * bytes, (index + 1) * bytes), width),
  );
}

function pictureOf(pixels: Buffer, width: number): Picture {
  const indexesOf = (colour: Colour): number[] => {
    const found: number[] = [];
    for (let at = 0; at < pixels.length; at += BYTES_PER_PIXEL) {
      if (IS[colour](pixels[at]!, pixels[at + 1]!, pixels[at + 2]!)) found.push(at / BYTES_PER_PIXEL);
    }
    return found;
  };
  return {
    share: (colour) => (indexesOf(colour).length * BYTES_PER_PIXEL) / pixels.length,
    bounds: (colour) => {
      const indexes = indexesOf(colour);
      if (indexes.length === 0) return null;
      const columns = indexes.map((index) => index % width);
      const rows = indexes.map((index) => Math.floor(index / width));
      return {
        left: Math.min(...columns),
        top: Math.min(...rows),
        right: Math.max(...columns),
        bottom: Math.max(...rows),
      };
    },
  };
}
