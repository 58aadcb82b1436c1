import { join } from 'node:path';
import { Ffmpeg } from './program.js';

/** How much ffmpeg looks at before it goes on, in microseconds. */
const ANALYSE_US = '1000000';

export interface HlsTarget {
  /** `index.m3u8` and `segment-NNNNNN.ts` are written there. */
  folder: string;
  segmentSeconds: number;
  /** Segments in the playlist; as many older ones stay on the disk, for players that are about to ask for them. */
  windowSegments: number;
}

/** An ffmpeg that cuts an FLV stream into segments, after those that are there; picture and sound stay as they are. */
export function hlsWriter(program: string, { folder, segmentSeconds, windowSegments }: HlsTarget): Ffmpeg {
  const list = String(windowSegments);
  return new Ffmpeg(program, [
    ...['-v', 'error', '-analyzeduration', ANALYSE_US, '-f', 'flv', '-i', 'pipe:0'],
    ...['-map', '0:v:0?', '-map', '0:a:0?', '-c', 'copy'],
    ...['-f', 'hls', '-hls_time', String(segmentSeconds)],
    ...['-hls_list_size', list, '-hls_delete_threshold', list],
    ...['-hls_flags', 'delete_segments+append_list+program_date_time+temp_file'],
    ...['-hls_segment_filename', join(folder, 'segment-%06d.ts'), join(folder, 'index.m3u8')],
  ]);
}
