import { stat } from 'node:fs/promises';
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedPacketSink,
  FilePathSource,
  FilePathTarget,
  Input,
  Output,
  WEBM,
  WebMOutputFormat,
} from 'mediabunny';
import { OPUS_DECODER_CONFIG, OPUS_SILENCE, OPUS_SILENCE_MS, opusDurationMs } from './opus.js';

/** What a sealed file holds. */
export interface SealedTrack {
  /** From the first frame to the end of the last. */
  durationMs: number;
  /** Frames that came from the sender. */
  frames: number;
  sizeBytes: number;
}

/**
 * Makes the final file of a tap's file, also of one that was cut off in the middle of a write: the same packets at the same
 * places, with length and index, so that players can seek. Where nothing came (a muted microphone, lost packets) the gap is
 * filled with packets of silence, because many players and decoders join what lies around a gap and lose the time.
 * Returns null when the file holds no frame, and makes no file then.
 */
export async function sealTrack(from: string, to: string): Promise<SealedTrack | null> {
  const input = new Input({ formats: [WEBM], source: new FilePathSource(from) });
  try {
    const track = (await isReadable(input)) ? await input.getPrimaryAudioTrack() : null;
    const sink = track && new EncodedPacketSink(track);
    if (!sink || !(await sink.getFirstPacket())) return null;
    const { durationMs, frames } = await copy(sink, to);
    return { durationMs, frames, sizeBytes: (await stat(to)).size };
  } finally {
    input.dispose();
  }
}

/** A writer that was killed at once leaves not even a header. */
function isReadable(input: Input): Promise<boolean> {
  return input.getFormat().then(
    () => true,
    () => false,
  );
}

async function copy(sink: EncodedPacketSink, to: string): Promise<{ durationMs: number; frames: number }> {
  const output = new Output({ format: new WebMOutputFormat(), target: new FilePathTarget(to) });
  const source = new EncodedAudioPacketSource('opus');
  output.addAudioTrack(source);
  await output.start();
  const add = (data: Uint8Array, atMs: number, durationMs: number) =>
    source.add(new EncodedPacket(data, 'key', atMs / 1000, durationMs / 1000), {
      decoderConfig: OPUS_DECODER_CONFIG,
    });
  let endMs = 0;
  let frames = 0;
  for await (const packet of sink.packets()) {
    const atMs = Math.round(packet.timestamp * 1000);
    for (; atMs - endMs >= OPUS_SILENCE_MS; endMs += OPUS_SILENCE_MS)
      await add(OPUS_SILENCE, endMs, OPUS_SILENCE_MS);
    const durationMs = opusDurationMs(packet.data);
    await add(packet.data, atMs, durationMs);
    endMs = atMs + durationMs;
    frames += 1;
  }
  await output.finalize();
  return { durationMs: endMs, frames };
}
