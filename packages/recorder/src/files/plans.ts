import type { Output } from '../contract.js';

/** How one file is made of what was captured. */
export interface FilePlan {
  kind: 'video' | 'audio';
  /** Without the dot. */
  ending: string;
  /** ffmpeg's arguments between input and output. */
  args: string[];
}

type Video = NonNullable<Output['video']>;

/** features.md RC20; one channel of AAC holds no more than half of it. */
const AAC_BITRATE = { stereo: '384k', mono: '192k' } as const;
const MP3_BITRATE = { stereo: '256k', mono: '128k' } as const;
const VORBIS_BITRATE = { stereo: '192k', mono: '96k' } as const;
const ENCODE = {
  H264: ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23', '-pix_fmt', 'yuv420p'],
  VP8: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2500k'],
} as const;
const SAMPLE_RATE_HZ = '48000';
/** Fills holes in the sound with silence, so that it stays with the picture. */
const KEEP_IN_STEP = ['-af', 'aresample=async=1000'];

/**
 * MP4 with H.264 and AAC, or WebM with VP8 and Vorbis (RC20). The picture is taken as Chromium encoded it, unless
 * that Chromium could not encode what was asked for.
 */
export function videoExport(video: Video, audio: Output['audio'], captured: Video['codec']): FilePlan {
  const encoding = video.codec === captured ? ['-c:v', 'copy'] : ENCODE[video.codec];
  const maps = ['-map', '0:v:0', '-map', '0:a:0?', ...encoding];
  return video.codec === 'H264'
    ? {
        kind: 'video',
        ending: 'mp4',
        args: [...maps, ...aac(audio.channel), '-video_track_timescale', '90000', '-movflags', '+faststart'],
      }
    : {
        kind: 'video',
        ending: 'webm',
        args: [...maps, ...sound('libvorbis', VORBIS_BITRATE[audio.channel], audio.channel)],
      };
}

/** RealtimeKit's default (RC40); a segment ends with the first key frame after this time. */
const SEGMENT_SECONDS = '10';

/** Without it the playlist would count each picture as one of the rate that ffmpeg guesses, and Chromium's come as they change. */
const AS_LONG_AS_SHOWN = ['-bsf:v', 'setts=duration=NEXT_PTS-PTS'];

/** HLS segments of H.264 and AAC with a playlist behind them; `metadata` names a stream of timed metadata to go along. */
export function segmentsExport(audio: Output['audio'], captured: Video['codec']) {
  const encoding =
    captured === 'H264'
      ? ['-c:v', 'copy', ...AS_LONG_AS_SHOWN]
      : [...ENCODE.H264, '-force_key_frames', `expr:gte(t,n_forced*${SEGMENT_SECONDS})`];
  return (metadata: string | null): string[] => [
    ...['-map', '0:v:0', '-map', '0:a:0?', ...encoding, ...aac(audio.channel)],
    ...(metadata === null ? [] : ['-map', metadata, '-c:d', 'copy']),
    ...['-f', 'hls', '-hls_time', SEGMENT_SECONDS, '-hls_playlist_type', 'vod'],
  ];
}

/** The sound alone (RC22). */
export function audioExport({ codec, channel }: Output['audio']): FilePlan {
  const maps = ['-map', '0:a:0', '-vn'];
  return codec === 'AAC'
    ? { kind: 'audio', ending: 'm4a', args: [...maps, ...aac(channel), '-movflags', '+faststart'] }
    : {
        kind: 'audio',
        ending: 'mp3',
        args: [...maps, ...sound('libmp3lame', MP3_BITRATE[channel], channel)],
      };
}

type Channel = Output['audio']['channel'];

const aac = (channel: Channel): string[] => sound('aac', AAC_BITRATE[channel], channel);

const sound = (encoder: string, bitrate: string, channel: Channel): string[] => [
  ...['-c:a', encoder, '-b:a', bitrate, '-ac', channel === 'mono' ? '1' : '2', '-ar', SAMPLE_RATE_HZ],
  ...KEEP_IN_STEP,
];
