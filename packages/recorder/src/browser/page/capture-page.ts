/**
 * Runs in the recorder's own page beside the recorded one: captures that tab's picture and sound, and hands over
 * what Chromium encodes of it. It is a page of its own so that neither the recorded page's security policy nor
 * its reloads or crashes can end the capture.
 */

export interface CaptureRequest {
  /** Null where only the sound is wanted. */
  video: { width: number; height: number; framesPerSecond: number; bitsPerSecond: number } | null;
  /** In the order of preference. */
  mimeTypes: string[];
  audioBitsPerSecond: number;
  keyFrameEveryMs: number;
  chunkMs: number;
}

export interface CapturePage {
  /** Answers which of the types is recorded. */
  open(request: CaptureRequest): Promise<string>;
  /** Forgets the tab that was captured, which may then end without being missed. */
  letGo(): void;
  start(part: number): Promise<void>;
  /** Resolves when the last chunk of the part was taken. */
  stop(): Promise<void>;
}

declare global {
  interface Window {
    capturePage: CapturePage;
    /** Given by the recorder. Resolves when the chunk lies on the disk. */
    takeChunk(part: number, base64: string): Promise<void>;
    captureFailed(reason: string): Promise<void>;
  }
  interface Uint8Array {
    toBase64(): string;
  }
  interface MediaRecorderOptions {
    videoKeyFrameIntervalDuration?: number;
  }
  interface MediaTrackConstraints {
    suppressLocalAudioPlayback?: boolean;
  }
}

let request: CaptureRequest;
let mimeType: string;
let stream = new MediaStream();
let recorder: MediaRecorder | null = null;
let lastChunk: Promise<void> = Promise.resolve();

async function open(asked: CaptureRequest): Promise<string> {
  request = asked;
  const supported = asked.mimeTypes.find((type) => MediaRecorder.isTypeSupported(type));
  if (!supported) throw new Error(`This Chromium encodes none of ${asked.mimeTypes.join(', ')}.`);
  mimeType = supported;
  const { video } = asked;
  stream = await navigator.mediaDevices.getDisplayMedia({
    video: video ? { width: video.width, height: video.height, frameRate: video.framesPerSecond } : true,
    audio: {
      // The sound is taken as it is: these are meant for microphones.
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
      channelCount: 2,
      suppressLocalAudioPlayback: false,
    },
  });
  if (!video) {
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
    }
  }
  if (stream.getAudioTracks().length === 0) throw new Error('The sound of the page cannot be captured.');
  for (const track of stream.getTracks()) {
    track.onended = () => void window.captureFailed(`The ${track.kind} capture ended.`);
  }
  return supported;
}

function letGo(): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

async function start(part: number): Promise<void> {
  const next = new MediaRecorder(stream, {
    mimeType,
    audioBitsPerSecond: request.audioBitsPerSecond,
    videoBitsPerSecond: request.video?.bitsPerSecond,
    videoKeyFrameIntervalDuration: request.keyFrameEveryMs,
  });
  next.ondataavailable = ({ data }) => {
    lastChunk = lastChunk.then(() => deliver(part, data));
  };
  next.onerror = () => void window.captureFailed('Chromium cannot encode what it captures.');
  next.start(request.chunkMs);
  recorder = next;
}

async function deliver(part: number, data: Blob): Promise<void> {
  if (data.size === 0) return;
  // A chunk that cannot be put down is the recorder's to report; the ones after it are tried all the same.
  await window.takeChunk(part, new Uint8Array(await data.arrayBuffer()).toBase64()).catch(() => {});
}

async function stop(): Promise<void> {
  const stopping = recorder;
  recorder = null;
  if (!stopping || stopping.state === 'inactive') return;
  await new Promise((stopped) => {
    stopping.onstop = stopped;
    stopping.stop();
  });
  await lastChunk;
}

window.capturePage = { open, letGo, start, stop };
