import { type FileHandle, open } from 'node:fs/promises';
import {
  AppendOnlyStreamTarget,
  EncodedAudioPacketSource,
  EncodedPacket,
  Output,
  WebMOutputFormat,
} from 'mediabunny';
import { MAX_UNWRITTEN_BYTES } from '../limits.js';
import { OPUS_DECODER_CONFIG, opusDurationMs } from './opus.js';
import type { PlacedFrame } from './timeline.js';

/** What is lost at most when the process is killed, besides the frames that wait for their places. */
const WRITE_INTERVAL_MS = 500;

/** A file that cannot be written any more; `code` is the system's, such as ENOSPC. */
export class TrackFileError extends Error {
  constructor(
    readonly code: string,
    sentence: string,
  ) {
    super(sentence);
    this.name = 'TrackFileError';
  }
}

/**
 * A WebM file of one Opus track that is only ever appended to, so that it can be read to its last write however
 * its writer ended. It has no index and does not know its length; sealing it adds both (seal.ts).
 */
export class TrackFile {
  /** Sound in the file, from its start to the end of the last frame. */
  durationMs = 0;
  readonly #handle: FileHandle;
  readonly #output: Output;
  readonly #source = new EncodedAudioPacketSource('opus');
  #chunks: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #muxed: Promise<void>;
  #written: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failure: TrackFileError | undefined;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
    const chunks = new WritableStream<Uint8Array>({ write: (chunk) => this.#keep(chunk) });
    this.#output = new Output({
      format: new WebMOutputFormat({ appendOnly: true }),
      target: new AppendOnlyStreamTarget(chunks),
    });
    this.#output.addAudioTrack(this.#source);
    this.#muxed = this.#output.start();
    this.#timer = setInterval(() => void this.#write(), WRITE_INTERVAL_MS);
  }

  /** Makes the file, which must not be there yet. Throws TrackFileError. */
  static async create(path: string): Promise<TrackFile> {
    try {
      return new TrackFile(await open(path, 'ax'));
    } catch (error) {
      throw asFileError(error);
    }
  }

  /** Set once nothing more will be written. */
  get failure(): TrackFileError | undefined {
    return this.#failure;
  }

  /** Takes frames in the order of their positions; they are on their way to the disk within half a second. */
  add({ data, positionMs }: PlacedFrame): void {
    if (this.#failure) return;
    const durationMs = opusDurationMs(data);
    this.#unwrittenBytes += data.length;
    if (this.#unwrittenBytes > MAX_UNWRITTEN_BYTES) {
      this.#fail(new TrackFileError('ETIMEDOUT', 'The disk is too slow for the recording.'));
      return;
    }
    const packet = new EncodedPacket(data, 'key', positionMs / 1000, durationMs / 1000);
    this.#muxed = this.#muxed.then(() => this.#source.add(packet, { decoderConfig: OPUS_DECODER_CONFIG }));
    this.#muxed.catch((error) => this.#fail(asFileError(error)));
    this.durationMs = positionMs + durationMs;
  }

  /** Writes what there is and closes the file; never throws, see `failure`. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    try {
      await this.#muxed;
      await this.#output.finalize();
    } catch (error) {
      this.#fail(asFileError(error));
    }
    await this.#write();
    await this.#handle.close().catch((error) => this.#fail(asFileError(error)));
  }

  #keep(chunk: Uint8Array): void {
    // The muxer goes on to use its buffer.
    this.#chunks.push(Uint8Array.from(chunk));
  }

  #write(): Promise<void> {
    this.#written = this.#written.then(() => this.#append());
    return this.#written;
  }

  async #append(): Promise<void> {
    if (this.#chunks.length === 0 || this.#failure) return;
    const bytes = Buffer.concat(this.#chunks.splice(0));
    try {
      await this.#handle.appendFile(bytes);
      this.#unwrittenBytes = Math.max(0, this.#unwrittenBytes - bytes.length);
    } catch (error) {
      this.#fail(asFileError(error));
    }
  }

  #fail(failure: TrackFileError): void {
    this.#failure ??= failure;
    this.#chunks = [];
    clearInterval(this.#timer);
  }
}

function asFileError(error: unknown): TrackFileError {
  if (error instanceof TrackFileError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new TrackFileError(code ?? 'EIO', message);
}
