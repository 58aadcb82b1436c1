/** What a decoder has to know of a stream before its first packet: stereo is what WebRTC always announces (RFC 7587). */
const OPUS_CHANNELS = 2;
const OPUS_CLOCK_HZ = 48_000;

/** An "OpusHead" (RFC 7845) without pre-skip: a stream that is joined in its middle has nothing to skip. */
const OPUS_HEAD = Buffer.from('4f707573486561640102000080bb0000000000', 'hex');

export const OPUS_DECODER_CONFIG = {
  codec: 'opus',
  numberOfChannels: OPUS_CHANNELS,
  sampleRate: OPUS_CLOCK_HZ,
  description: OPUS_HEAD,
};

/** 20 ms of silence as one Opus packet. */
export const OPUS_SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);
export const OPUS_SILENCE_MS = 20;

/** Duration of one frame by the upper five bits of a packet's first byte (RFC 6716, section 3.1). */
const SILK_MS = [10, 20, 40, 60];
const HYBRID_MS = [10, 20];
const CELT_MS = [2.5, 5, 10, 20];

/** How long a packet lasts; 0 for one that breaks the format, which RFC 6716 limits to 120 ms. */
export function opusDurationMs(packet: Uint8Array): number {
  const [toc, count = 0] = packet;
  if (toc === undefined) return 0;
  const config = toc >> 3;
  const frameMs =
    config < 12 ? SILK_MS[config % 4]! : config < 16 ? HYBRID_MS[config % 2]! : CELT_MS[config % 4]!;
  const frames = [1, 2, 2, count & 0x3f][toc & 0x03]!;
  const durationMs = frameMs * frames;
  return durationMs > 120 ? 0 : durationMs;
}
