import { MID_EXTENSION_ID, type Publisher, type TrackNumbers } from './sfu.js';

/**
 * Sound and picture as a browser sends them: 50 packets a second of sound, and 20 frames a second of 8 packets
 * each, together about 1.5 Mbit/s. Nobody can ask for a key frame here, so there is one every second.
 */
const AUDIO_INTERVAL_MS = 20;
const AUDIO_BYTES = 80;
const AUDIO_CLOCK_HZ = 48_000;
const VIDEO_INTERVAL_MS = 50;
const VIDEO_PACKETS_PER_FRAME = 8;
const VIDEO_BYTES = 1_100;
const VIDEO_CLOCK_HZ = 90_000;
const FRAMES_PER_KEY_FRAME = 20;

/** Starts the stream; the answer stops it. */
export function startStream({ audio, video, send }: Publisher): () => void {
  let audioPackets = 0;
  let videoPackets = 0;
  let frames = 0;
  const audioTimer = setInterval(() => {
    audioPackets += 1;
    const timestamp = (audioPackets * AUDIO_CLOCK_HZ * AUDIO_INTERVAL_MS) / 1000;
    send(rtp(audio, { sequence: audioPackets, timestamp, marker: false }, Buffer.alloc(AUDIO_BYTES, 1)));
  }, AUDIO_INTERVAL_MS);
  const videoTimer = setInterval(() => {
    frames += 1;
    const timestamp = (frames * VIDEO_CLOCK_HZ * VIDEO_INTERVAL_MS) / 1000;
    for (let part = 0; part < VIDEO_PACKETS_PER_FRAME; part++) {
      videoPackets += 1;
      const marker = part === VIDEO_PACKETS_PER_FRAME - 1;
      send(rtp(video, { sequence: videoPackets, timestamp, marker }, vp8(frames, part)));
    }
  }, VIDEO_INTERVAL_MS);
  return () => {
    clearInterval(audioTimer);
    clearInterval(videoTimer);
  };
}

function rtp(
  track: TrackNumbers,
  { sequence, timestamp, marker }: { sequence: number; timestamp: number; marker: boolean },
  payload: Buffer,
): Buffer {
  const extension = track.mid === undefined ? Buffer.alloc(0) : midExtension(track.mid);
  const header = Buffer.alloc(12);
  header[0] = 0x80 | (extension.length > 0 ? 0x10 : 0);
  header[1] = (marker ? 0x80 : 0) | track.payloadType;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(track.ssrc, 8);
  return Buffer.concat([header, extension, payload]);
}

/** One-byte header form (RFC 8285) with nothing but the mid. */
function midExtension(mid: string): Buffer {
  const value = Buffer.from(mid, 'latin1');
  const words = Math.ceil((value.length + 1) / 4);
  const block = Buffer.alloc(4 + words * 4);
  block.writeUInt16BE(0xbede, 0);
  block.writeUInt16BE(words, 2);
  block[4] = (MID_EXTENSION_ID << 4) | (value.length - 1);
  value.copy(block, 5);
  return block;
}

/** VP8 descriptor with a 15-bit picture id (RFC 7741), and in the first packet of a frame the frame's header. */
function vp8(frame: number, part: number): Buffer {
  const payload = Buffer.alloc(VIDEO_BYTES, 0x55);
  const isKeyFrame = frame % FRAMES_PER_KEY_FRAME === 1;
  payload[0] = 0x80 | (part === 0 ? 0x10 : 0);
  payload[1] = 0x80;
  payload.writeUInt16BE(0x8000 | (frame & 0x7fff), 2);
  if (part === 0) {
    payload[4] = isKeyFrame ? 0x10 : 0x11;
    payload[5] = 0;
    payload[6] = 0;
    // Start code of a key frame, then 640 by 360.
    if (isKeyFrame) Buffer.from([0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]).copy(payload, 7);
  }
  return payload;
}
