import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BufferSource, EncodedPacketSink, Input, WEBM } from 'mediabunny';
import type { TestConnection } from './peer.js';
import { audioLevel, buildRtp, midExtension, PAYLOAD_TYPES } from './rtp.js';

const run = promisify(execFile);
const FRAME_MS = 20;
const SAMPLE_HZ = 8_000;
/** A tenth of full scale; silence that went through the codec stays far below. */
const LOUD = 3_000;

/** Opus packets of 20 ms: a short beep at the start of every second. */
export async function encodeBeeps(seconds: number): Promise<Uint8Array[]> {
  const tone = 'if(lt(mod(t,1),0.1),0.8*sin(2*PI*1000*t),0)';
  const { stdout } = await run(
    'ffmpeg',
    [
      ...['-v', 'error', '-f', 'lavfi', '-i', `aevalsrc='${tone}':d=${seconds}:s=48000`],
      ...['-ac', '2', '-c:a', 'libopus', '-frame_duration', '20', '-f', 'webm', '-'],
    ],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  const input = new Input({ formats: [WEBM], source: new BufferSource(stdout) });
  const track = await input.getPrimaryAudioTrack();
  const packets: Uint8Array[] = [];
  for await (const packet of new EncodedPacketSink(track!).packets()) packets.push(packet.data);
  // The encoder's own delay is a packet more at the end.
  return packets.slice(0, (seconds * 1_000) / FRAME_MS);
}

/** Sends packets of sound in real time: the one that belongs to this very moment, so that all sources beep together. */
export class SoundSource {
  sent = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAtMs = Date.now();

  constructor(
    connection: TestConnection,
    track: { mid: string; ssrc: number },
    packets: Uint8Array[],
    /** Whether the network loses a packet, by its number. */
    isLost: (index: number) => boolean = () => false,
  ) {
    const first = Math.ceil(this.#startedAtMs / FRAME_MS);
    let next = first;
    this.#timer = setInterval(() => {
      for (; next * FRAME_MS <= Date.now(); next += 1) {
        this.sent += 1;
        if (isLost(next - first)) continue;
        connection.sendRtp(
          buildRtp({
            payloadType: PAYLOAD_TYPES.opus,
            sequenceNumber: next,
            timestamp: (next * 960 + track.ssrc) % 2 ** 32,
            ssrc: track.ssrc,
            extensions: [midExtension(track.mid), audioLevel(30)],
            payload: Buffer.from(packets[next % packets.length]!),
          }),
        );
      }
    }, 5);
  }

  get playedMs(): number {
    return this.sent * FRAME_MS;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

export interface Probe {
  codec: string;
  durationMs: number;
}

/** What ffprobe says of a file with one track. */
export async function probe(path: string): Promise<Probe> {
  const { stdout } = await run('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=codec_name:format=duration', '-of', 'json', path],
  ]);
  const { streams, format } = JSON.parse(stdout) as {
    streams: { codec_name: string }[];
    format: { duration: string };
  };
  return {
    codec: streams.map((stream) => stream.codec_name).join(),
    durationMs: Number(format.duration) * 1000,
  };
}

/** Decodes a file as any tool would, without minding its timestamps; answers where beeps begin, in ms. */
export async function findBeeps(path: string): Promise<{ beepsMs: number[]; durationMs: number }> {
  const { stdout } = await run(
    'ffmpeg',
    ['-v', 'error', '-i', path, '-ac', '1', '-ar', String(SAMPLE_HZ), '-f', 's16le', '-'],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, Math.floor(stdout.length / 2));
  const beepsMs: number[] = [];
  let quietSince = Number.NEGATIVE_INFINITY;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < LOUD) continue;
    const atMs = (index * 1000) / SAMPLE_HZ;
    if (atMs - quietSince > 300) beepsMs.push(atMs);
    quietSince = atMs;
  }
  return { beepsMs, durationMs: (samples.length * 1000) / SAMPLE_HZ };
}
