import type { EngineLibrary } from '../engine/medooze.js';
import type { Producer } from '../engine/producer.js';
import { MediaFailure } from '../errors.js';
import { MAX_TAPS } from '../limits.js';
import type { MediaArguments, MediaEvent } from '../rpc.js';
import { Tap } from './tap.js';

/** The taps of one worker. */
export class Taps {
  readonly #taps = new Map<string, Tap>();

  constructor(
    private readonly library: EngineLibrary,
    private readonly emit: (event: MediaEvent) => void,
  ) {}

  /** Throws MediaFailure for a producer whose frames cannot be kept, and at the bound. */
  start({ tapId, folder, name }: MediaArguments<'startTap'>, producer: Producer): void {
    if (producer.kind !== 'audio') throw new MediaFailure('internal', 'Only sound can be tapped.');
    if (this.#taps.has(tapId)) throw new MediaFailure('internal', `There is a tap ${tapId} already.`);
    if (this.#taps.size >= MAX_TAPS)
      throw new MediaFailure('limit', `A worker has at most ${MAX_TAPS} taps.`);
    const { roomId } = producer;
    const tap = new Tap(this.library, producer, {
      id: tapId,
      folder,
      name,
      onFile: (file, startedAtMs) => this.emit({ type: 'tapFile', roomId, tapId, file, startedAtMs }),
      onEnd: (end) => {
        this.#taps.delete(tapId);
        this.emit({ type: 'tapEnded', roomId, tapId, ...end });
      },
    });
    this.#taps.set(tapId, tap);
  }

  /** Resolves when the file is complete; at once for a tap that has ended by itself. */
  async stop(tapId: string): Promise<void> {
    await this.#taps.get(tapId)?.close();
  }

  /** Call when the producer closes, before its track stops. */
  producerClosed(producer: Producer): void {
    for (const tap of this.#taps.values()) if (tap.producer === producer) void tap.close();
  }

  /** Completes every file. */
  async close(): Promise<void> {
    await Promise.all([...this.#taps.values()].map((tap) => tap.close()));
  }
}
