import { join } from 'node:path';
import type { EngineFrameReader, EngineLibrary } from '../engine/medooze.js';
import type { Producer } from '../engine/producer.js';
import type { TapEnd } from '../rpc.js';
import { TrackTimeline } from './timeline.js';
import { TrackFile, type TrackFileError } from './track-file.js';

export interface TapOptions {
  id: string;
  /** An existing folder of this machine. */
  folder: string;
  /** Start of the file's name; the Unix time of its first frame in ms and the ending are added. */
  name: string;
  /** The first frames have come, and the file is there. */
  onFile: (file: string, startedAtMs: number) => void;
  /** Called once, when nothing more will be written. */
  onEnd: (end: TapEnd) => void;
}

/**
 * Writes what one producer sends into a file, which is made when the first sound comes: a microphone that stays
 * silent from the start leaves none. The producer's own packets are kept, and nothing is decoded.
 */
export class Tap {
  readonly id: string;
  readonly producer: Producer;
  readonly #options: TapOptions;
  readonly #reader: EngineFrameReader;
  readonly #timeline = new TrackTimeline();
  #file: Promise<TrackFile> | undefined;
  #failure: TrackFileError | undefined;
  #ended: Promise<void> | undefined;

  constructor(library: EngineLibrary, producer: Producer, options: TapOptions) {
    this.id = options.id;
    this.producer = producer;
    this.#options = options;
    this.#reader = library.createIncomingStreamTrackReader(false, 0);
    this.#reader.onframe = (data, _kind, codec, timestamp, clockRate, arrivalMs) => {
      if (codec.toLowerCase() !== 'opus' || data.length === 0 || clockRate <= 0) return;
      this.#write(this.#timeline.add({ data, timestamp, clockRate, arrivalMs }));
    };
    this.#reader.attachTo(producer.track);
  }

  /** To be called before the producer's track stops. Resolves when the file is complete. Idempotent. */
  close(): Promise<void> {
    this.#ended ??= this.#close();
    return this.#ended;
  }

  async #close(): Promise<void> {
    // Frames that are on their way from the media thread may still come, but not into a stopped reader.
    this.#reader.onframe = () => {};
    this.#reader.detach();
    setImmediate(() => this.#reader.stop());
    this.#write(this.#timeline.flush());
    const file = await this.#file?.catch(() => undefined);
    await file?.close();
    const failure = file?.failure ?? this.#failure;
    this.#options.onEnd({
      durationMs: file?.durationMs ?? 0,
      ...(failure ? { failure: { code: failure.code, error: failure.message } } : {}),
    });
  }

  #write(frames: ReturnType<TrackTimeline['flush']>): void {
    if (frames.length === 0 || this.#failure) return;
    this.#file ??= this.#open();
    this.#file.then(
      (file) => {
        for (const frame of frames) file.add(frame);
        if (file.failure) void this.close();
      },
      (error: TrackFileError) => {
        this.#failure = error;
        void this.close();
      },
    );
  }

  async #open(): Promise<TrackFile> {
    const { folder, name, onFile } = this.#options;
    const startedAtMs = this.#timeline.startedAtMs!;
    const fileName = `${name}_${startedAtMs}.webm`;
    const file = await TrackFile.create(join(folder, fileName));
    onFile(fileName, startedAtMs);
    return file;
  }
}
