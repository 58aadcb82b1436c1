import type { MediaAnswer, MediaArguments, MediaRequestName } from '@parley/media';
import type { MediaRoom, MediaRoomEvent } from './media-pool.js';
import { MediaError } from './media-pool.js';
import type { PlacedRoom } from './placement.js';
import type { WorkerSlot } from './worker-slot.js';

/** Deaths of workers are remembered against their rooms for this long. */
const CRASH_MEMORY_MS = 30 * 60_000;

export interface RoomHost {
  /** Finds a worker, waiting for one to come up if need be; rejects with MediaError. */
  place(room: PooledRoom): Promise<WorkerSlot>;
  remove(room: PooledRoom): void;
}

/** A room and the worker that serves it at present. */
export class PooledRoom implements MediaRoom, PlacedRoom {
  readonly id: string;
  readonly #host: RoomHost;
  readonly #listeners = new Set<(event: MediaRoomEvent) => void>();
  #slot: WorkerSlot | undefined;
  #crashTimes: number[] = [];
  #closed = false;

  constructor(id: string, host: RoomHost) {
    this.id = id;
    this.#host = host;
  }

  get crashes(): number {
    const oldest = Date.now() - CRASH_MEMORY_MS;
    this.#crashTimes = this.#crashTimes.filter((time) => time > oldest);
    return this.#crashTimes.length;
  }

  async request<N extends MediaRequestName>(name: N, args: MediaArguments<N>): Promise<MediaAnswer<N>> {
    this.#slot ??= await this.#host.place(this);
    if (this.#closed) throw new MediaError('worker_lost', 'The room is closed.');
    return this.#slot.request(name, args);
  }

  on(listener: (event: MediaRoomEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: MediaRoomEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Called by the pool when the room's worker died. */
  lose(): void {
    this.#slot = undefined;
    this.#crashTimes.push(Date.now());
    this.emit({ type: 'workerLost' });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listeners.clear();
    this.#slot?.rooms.delete(this);
    // Its answer interests nobody: the worker either closes the room or is lost with it.
    this.#slot?.request('closeRoom', { roomId: this.id }).catch(() => {});
    this.#slot = undefined;
    this.#host.remove(this);
  }
}
