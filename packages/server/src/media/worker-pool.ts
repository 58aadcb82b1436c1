import type { RoomEvent } from '@parley/media';
import type { Logger } from 'pino';
import { MediaError, type MediaPool, type MediaRoom, type WorkerGauges } from './media-pool.js';
import { CRASHES_BEFORE_ISOLATION, choosePlace } from './placement.js';
import { PooledRoom, type RoomHost } from './pooled-room.js';
import { REQUEST_LIMIT_MS } from './worker-process.js';
import { WorkerSlot } from './worker-slot.js';

/** Workers beyond the regular ones, each for one room that saw others die. */
const MAX_ISOLATED_ROOMS = 4;

export interface MediaPoolOptions {
  /** Regular workers; one per core is the right number. */
  workers: number;
  /** IPv4 addresses that browsers can reach. */
  announcedIps: string[];
  /** UDP port of the first worker, the others follow; 0 lets every worker take a free one. */
  firstPort?: number;
  log: Logger;
}

export function createMediaPool(options: MediaPoolOptions): MediaPool {
  return new WorkerPool(options);
}

class WorkerPool implements MediaPool, RoomHost {
  readonly #options: MediaPoolOptions;
  readonly #regular: WorkerSlot[];
  /** A worker's place is also its port, so places that were given up are used again. */
  readonly #isolated = new Map<PooledRoom, { slot: WorkerSlot; index: number }>();
  readonly #rooms = new Map<string, PooledRoom>();
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(options: MediaPoolOptions) {
    this.#options = options;
    this.#regular = Array.from({ length: options.workers }, (_, index) => this.#createSlot(index));
  }

  async ready(): Promise<void> {
    await Promise.all(this.#regular.map((slot) => slot.started));
  }

  isReady(): boolean {
    return this.#regular.some((slot) => slot.ready);
  }

  room(roomId: string): MediaRoom {
    let room = this.#rooms.get(roomId);
    if (!room) {
      room = new PooledRoom(roomId, this);
      this.#rooms.set(roomId, room);
    }
    return room;
  }

  gauges(): WorkerGauges[] {
    return [...this.#regular, ...[...this.#isolated.values()].map(({ slot }) => slot)].map((slot) =>
      slot.gauges(),
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting) wake();
    const slots = [...this.#regular, ...[...this.#isolated.values()].map(({ slot }) => slot)];
    await Promise.all(slots.map((slot) => slot.close()));
  }

  async place(room: PooledRoom): Promise<WorkerSlot> {
    const limit = Date.now() + REQUEST_LIMIT_MS;
    const own = this.#isolate(room);
    for (;;) {
      if (this.#closed) throw new MediaError('worker_lost', 'The media workers are stopping.');
      const places = own ? [own] : this.#regular;
      // Another request of the room may have found a place while this one waited.
      const slot =
        places.find((candidate) => candidate.rooms.has(room)) ??
        choosePlace(
          room,
          places.filter((candidate) => candidate.ready),
        );
      if (slot) {
        slot.rooms.add(room);
        return slot;
      }
      const restMs = limit - Date.now();
      if (restMs <= 0) throw new MediaError('timeout', 'No media worker is up.');
      await this.#untilReady(restMs);
    }
  }

  remove(room: PooledRoom): void {
    this.#rooms.delete(room.id);
    void this.#isolated.get(room)?.slot.close();
    this.#isolated.delete(room);
  }

  #isolate(room: PooledRoom): WorkerSlot | undefined {
    const existing = this.#isolated.get(room);
    if (existing) return existing.slot;
    if (room.crashes < CRASHES_BEFORE_ISOLATION || this.#isolated.size >= MAX_ISOLATED_ROOMS)
      return undefined;
    const taken = new Set([...this.#isolated.values()].map(({ index }) => index));
    let index = this.#regular.length;
    while (taken.has(index)) index += 1;
    const slot = this.#createSlot(index);
    this.#isolated.set(room, { slot, index });
    return slot;
  }

  #createSlot(index: number): WorkerSlot {
    const { announcedIps, firstPort = 0, log } = this.#options;
    return new WorkerSlot({
      index,
      announcedIps,
      port: firstPort === 0 ? 0 : firstPort + index,
      log,
      onRoomEvent: (event: RoomEvent) => this.#rooms.get(event.roomId)?.emit(event),
      onLost: (rooms) => {
        for (const room of rooms) room.lose();
      },
      onReady: () => {
        for (const wake of this.#waiting) wake();
      },
    });
  }

  #untilReady(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limitMs);
      this.#waiting.add(wake);
    });
  }
}
