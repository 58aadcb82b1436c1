import type { Output } from '../contract.js';
import type { CaptureRequest } from './page/capture-page.js';

const FRAMES_PER_SECOND = 30;
/** 2.5 Mbit/s at 1280x720; a picture that moves little takes a small part of it. */
const BITS_PER_PIXEL = 0.09;
/** Well above what AAC makes of it afterwards. */
const AUDIO_BITS_PER_SECOND = 256_000;
/** Also how far back a livestream can be entered, and the length of its shortest segment. */
const KEY_FRAME_EVERY_MS = 2_000;
/** How much `kill -9` may take with it. */
const CHUNK_MS = 500;
/** Where only the sound is wanted the page is still laid out, as small as costs least. */
const SIZE_WITHOUT_PICTURE = { width: 640, height: 360 };

const H264 = 'video/x-matroska;codecs=avc1,opus';
const VP8 = 'video/webm;codecs=vp8,opus';
const SOUND = 'audio/webm;codecs=opus';

export interface PageCapture extends CaptureRequest {
  /** Of the page, in pixels. */
  size: { width: number; height: number };
}

/** What Chromium is asked to capture for an output. */
export function captureRequest({ video }: Output): PageCapture {
  const common = {
    audioBitsPerSecond: AUDIO_BITS_PER_SECOND,
    keyFrameEveryMs: KEY_FRAME_EVERY_MS,
    chunkMs: CHUNK_MS,
  };
  if (!video) return { ...common, video: null, mimeTypes: [SOUND], size: SIZE_WITHOUT_PICTURE };
  const size = { width: even(video.width), height: even(video.height) };
  return {
    ...common,
    size,
    video: {
      ...size,
      framesPerSecond: FRAMES_PER_SECOND,
      bitsPerSecond: Math.round(size.width * size.height * FRAMES_PER_SECOND * BITS_PER_PIXEL),
    },
    mimeTypes: video.codec === 'H264' ? [H264, VP8] : [VP8],
  };
}

/** Both codecs halve the resolution of colour. */
const even = (pixels: number): number => pixels - (pixels % 2);
