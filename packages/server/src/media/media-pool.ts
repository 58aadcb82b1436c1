import type { MediaAnswer, MediaArguments, MediaErrorCode, MediaRequestName, RoomEvent } from '@parley/media';

/**
 * The media workers as the rest of the server sees them: rooms that take requests and tell events. Which process
 * serves a room, and that processes may die, stays inside.
 */
export interface MediaPool {
  /** Resolves once every worker listens; rejects when a worker cannot be started at all. */
  ready(): Promise<void>;
  /** True while at least one worker is listening (part of `/readyz`). */
  isReady(): boolean;
  /** The room of that id (one per live session). The same object is returned until it is closed. */
  room(roomId: string): MediaRoom;
  /** One entry per worker, for `/metrics`. */
  gauges(): WorkerGauges[];
  /** Stops every worker; requests still open fail with code `worker_lost`. Idempotent. */
  close(): Promise<void>;
}

export interface MediaRoom {
  readonly id: string;
  /** Rejects with a MediaError: the worker's refusal, a time limit, or the loss of the worker. */
  request<N extends MediaRequestName>(name: N, args: MediaArguments<N>): Promise<MediaAnswer<N>>;
  /** Returns the function that takes the listener off again. */
  on(listener: (event: MediaRoomEvent) => void): () => void;
  /** Closes every transport of the room in its worker and forgets the room. Idempotent. */
  close(): void;
}

export type MediaRoomEvent =
  | RoomEvent
  /** The worker died and all transports of the room with it; the next request goes to another worker. */
  | { type: 'workerLost' };

export interface WorkerGauges {
  /** Place in the pool, from 0; stays the same when the process is replaced. */
  worker: number;
  pid: number | undefined;
  ready: boolean;
  rooms: number;
  transports: number;
  producers: number;
  consumers: number;
  residentBytes: number;
  /** How often this place's process was replaced. */
  restarts: number;
}

/** Why a request failed: codes of the worker (media's rpc.ts) and two of the pool's own. */
export type MediaFailure = MediaErrorCode | 'worker_lost' | 'timeout';

export class MediaError extends Error {
  constructor(
    readonly code: MediaFailure,
    message: string,
  ) {
    super(message);
    this.name = 'MediaError';
  }
}
