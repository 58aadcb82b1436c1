import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RecorderEvent, RecordOrder } from '../contract.js';
import { FfmpegStream } from './ffmpeg-stream.js';
import { Sink } from './sink.js';

const END_WITHIN_MS = 3_000;
/** What platforms take that restream. */
const AUDIO = ['-c:a', 'aac', '-b:a', '160k', '-ar', '48000', '-ac', '2', '-af', 'aresample=async=1000'];
const ENCODE_H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-g', '60'];
/** How much ffmpeg looks at before it goes on, in microseconds. */
const ANALYSE_US = '1000000';
/** A connection that takes nothing for so long is dead, in microseconds. */
const RTMP_TIMEOUT_US = 10_000_000;

export interface LiveOutputOptions {
  ffmpeg: string;
  order: Pick<RecordOrder, 'rtmpUrls' | 'hls' | 'output'>;
  emit(event: RecorderEvent): void;
  /** The stream broke off, and only a part from its beginning can mend it. */
  onBroken(): void;
}

/**
 * Picture and sound on their way out while they are recorded (features.md RC31, LS01, LS05). One ffmpeg makes a
 * transport stream of the captured part, and each sink is an ffmpeg of its own behind it. Nothing here can hold up
 * or harm the capture: who does not keep up is cut off.
 */
export class LiveOutput {
  readonly #sinks: Sink[];
  readonly #startedAtMs = Date.now();
  #stream: FfmpegStream | null = null;

  constructor(private readonly options: LiveOutputOptions) {
    const { order, ffmpeg } = options;
    this.#sinks = [
      ...order.rtmpUrls.map((url) => this.#rtmpSink(ffmpeg, url)),
      ...(order.hls ? [this.#hlsSink(ffmpeg, order.hls)] : []),
    ];
  }

  /** A new part begins; what follows is its file from the first byte on. */
  async startPart(): Promise<void> {
    await this.endPart();
    // Time goes on over a pause, so that players do not jump back.
    const offsetSeconds = (Date.now() - this.#startedAtMs) / 1000;
    const video = this.options.order.output.video?.codec === 'VP8' ? ENCODE_H264 : ['-c:v', 'copy'];
    const stream: FfmpegStream = new FfmpegStream(
      this.options.ffmpeg,
      [
        ...[
          '-fflags',
          '+nobuffer',
          '-analyzeduration',
          ANALYSE_US,
          '-f',
          'matroska',
          '-i',
          'pipe:0',
          '-map',
          '0:v?',
          '-map',
          '0:a',
        ],
        ...[...video, ...AUDIO, '-output_ts_offset', offsetSeconds.toFixed(3), '-flush_packets', '1'],
        ...['-mpegts_flags', '+resend_headers', '-muxdelay', '0', '-f', 'mpegts', 'pipe:1'],
      ],
      {
        onOutput: (packets) => {
          for (const sink of this.#sinks) sink.write(packets);
        },
        onEnd: () => {
          if (this.#stream !== stream) return;
          this.#stream = null;
          this.options.onBroken();
        },
      },
    );
    this.#stream = stream;
  }

  write(chunk: Uint8Array): void {
    this.#stream?.write(chunk);
  }

  async endPart(): Promise<void> {
    const ending = this.#stream;
    this.#stream = null;
    await ending?.end(END_WITHIN_MS);
  }

  async close(): Promise<void> {
    await this.endPart();
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }

  #rtmpSink(ffmpeg: string, url: string): Sink {
    const output = [
      '-rw_timeout',
      String(RTMP_TIMEOUT_US),
      '-flvflags',
      'no_duration_filesize',
      '-f',
      'flv',
      url,
    ];
    return new Sink(ffmpeg, output, {
      onLive: () => this.options.emit({ kind: 'rtmp', url, state: 'live' }),
      onFailed: (reason) => {
        // ffmpeg repeats the address, with the key of the stream in it.
        this.options.emit({
          kind: 'rtmp',
          url,
          state: 'failed',
          reason: reason.replaceAll(url, 'the address'),
        });
      },
    });
  }

  #hlsSink(
    ffmpeg: string,
    { folder, segmentSeconds, windowSegments }: NonNullable<RecordOrder['hls']>,
  ): Sink {
    mkdirSync(folder, { recursive: true });
    const output = [
      ...['-f', 'hls', '-hls_time', String(segmentSeconds), '-hls_list_size', String(windowSegments)],
      // Segments that left the list stay for as long again, for players that are about to ask for them.
      ...['-hls_delete_threshold', String(windowSegments)],
      ...['-hls_flags', 'delete_segments+append_list+program_date_time+temp_file'],
      ...['-hls_segment_filename', join(folder, 'segment-%06d.ts'), join(folder, 'index.m3u8')],
    ];
    return new Sink(ffmpeg, output, { onLive: () => {}, onFailed: () => {} });
  }
}
