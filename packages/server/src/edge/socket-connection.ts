import type { Duplex } from 'node:stream';
import {
  CloseCode,
  decodeFrame,
  encodeError,
  type Frame,
  PING_TEXT,
  PONG_TEXT,
  WireError,
} from '@parley/wire';
import type { RawData, WebSocket } from 'ws';
import type { ParticipantId, PeerId } from '../ids.js';
import type { PeerConnection } from '../sessions/connection.js';
import { type Lane, laneOf } from './dispatch.js';
import { RequestLimits } from './rate-limits.js';
import { TrackNews } from './track-news.js';

/** A receiver that is this far behind is dropped; it comes back and asks for the state anew. */
const SEND_BUFFER_MAX_BYTES = 8 * 1024 * 1024;
/** Requests of one client that wait for their turn. */
const LANE_MAX_REQUESTS = 200;
/** Refused requests until the socket is closed. */
const EXCESS_MAX_REQUESTS = 500;

/** How long a client that was told to go may close its socket by itself, which is what the SDK does. */
const GOODBYE_MS = 100;
/** How long a client that was moved may take to close its socket; the official one does so at once. */
export const TRANSFER_MAX_MS = 10_000;

const POLICY_VIOLATION = 1008;
const UNSUPPORTED_DATA = 1003;
const INVALID_PAYLOAD = 1007;
const CLOSED_WITHOUT_ANSWER = 1006;

/** Close codes by which a client says that it means to go; after all others it comes back (protocol.md 3.6). */
const DELIBERATE = new Set<number>([CloseCode.normal, CloseCode.goingAway]);

export interface SocketConnectionHandlers {
  /** Resolves when the request is done; never rejects. */
  onFrame(frame: Frame): Promise<void>;
  onClose(deliberately: boolean): void;
  /** The client has closed its side after it was told to go. */
  onDismissed(): void;
  /** Milliseconds that never go back; the time of day may. */
  now(): number;
}

/** One client's socket: frames in by lanes, frames out with a bound, pings, one close. */
export class SocketConnection implements PeerConnection {
  /** Made when the client first takes tracks up: many only listen, or have no media at all. */
  #trackNews: TrackNews | null = null;
  readonly #limits: RequestLimits;
  readonly #lanes: Record<Lane, TaskLane> = {
    session: new TaskLane(),
    media: new TaskLane(),
    connected: new TaskLane(),
  };
  #heardAt: number;
  #excess = 0;
  #closed = false;
  #corked = false;
  #dismissed = false;
  #transferTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    /** The connection below the socket. */
    private readonly stream: Duplex,
    readonly peerId: PeerId,
    readonly participantId: ParticipantId,
    private readonly handlers: SocketConnectionHandlers,
  ) {
    this.#heardAt = handlers.now();
    this.#limits = new RequestLimits(this.#heardAt);
    socket.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    socket.on('close', (code) => {
      this.#closed = true;
      clearTimeout(this.#transferTimer);
      this.releaseTrackNews();
      handlers.onClose(DELIBERATE.has(code));
      if (this.#dismissed && code !== CLOSED_WITHOUT_ANSWER) handlers.onDismissed();
    });
    // The close that follows says all there is to say.
    socket.on('error', () => undefined);
  }

  send(frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.socket.bufferedAmount > SEND_BUFFER_MAX_BYTES) {
      this.socket.terminate();
      return;
    }
    this.#cork();
    this.socket.send(frame);
  }

  tellOfTrack(frame: Uint8Array): void {
    if (this.#trackNews) this.#trackNews.tell(frame);
    else this.send(frame);
  }

  keepTrackNews(): void {
    this.#trackNews ??= new TrackNews((frame) => this.send(frame));
    this.#trackNews.keep();
  }

  releaseTrackNews(): void {
    this.#trackNews?.release();
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cork();
    this.socket.close(code, reason);
  }

  /** Nothing counts any more that this client sends; its socket goes once all the others have the news too. */
  dismiss(): void {
    this.#dismissed = true;
    if (this.#closed) return;
    this.#closed = true;
    setTimeout(() => this.socket.close(CloseCode.normal, 'removed from the session'), GOODBYE_MS);
  }

  transfer(frame: Uint8Array): void {
    this.send(frame);
    this.#dismissed = true;
    this.#transferTimer = setTimeout(
      () => this.close(CloseCode.normal, 'moved to another meeting'),
      TRANSFER_MAX_MS,
    );
  }

  /** Asks for a sign of life, and drops a client that has given none for `silenceMs` (protocol.md 3.3). */
  ping(silenceMs: number): void {
    if (this.handlers.now() - this.#heardAt > silenceMs) this.socket.terminate();
    else if (!this.#closed) this.socket.send(PING_TEXT);
  }

  /** What waits for its turn is done all the same when its client went where it was sent (connected-meetings.ts). */
  get #isOver(): boolean {
    return this.#closed && this.#transferTimer === undefined;
  }

  /** What is sent to this client in one turn goes out in one write: writing is the dearest part of a broadcast. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.stream.cork();
    process.nextTick(this.#uncork);
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.stream.uncork();
  };

  #onMessage(data: RawData, isBinary: boolean): void {
    this.#heardAt = this.handlers.now();
    if (this.#closed) return;
    const bytes = data as Buffer;
    if (!isBinary) {
      const text = bytes.length === 1 ? bytes.toString() : '';
      if (text === PING_TEXT) this.socket.send(PONG_TEXT);
      else if (text !== PONG_TEXT) this.close(UNSUPPORTED_DATA, 'only ping and pong are text');
      return;
    }
    try {
      this.#accept(decodeFrame(bytes));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.close(INVALID_PAYLOAD, error.code);
    }
  }

  #accept(frame: Frame): void {
    const lane = this.#lanes[laneOf(frame.event)];
    if (!this.#limits.allows(frame.event, this.#heardAt) || lane.length >= LANE_MAX_REQUESTS) {
      this.#excess++;
      if (this.#excess > EXCESS_MAX_REQUESTS) this.close(POLICY_VIOLATION, 'too many requests');
      else this.send(encodeError(frame.event, 'Too many requests', frame.id));
      return;
    }
    lane.push(() => (this.#isOver ? Promise.resolve() : this.handlers.onFrame(frame)));
  }
}

/** Runs tasks one after another; a task that has nothing to wait for runs at once. */
class TaskLane {
  readonly #tasks: (() => Promise<void>)[] = [];
  #running = false;

  get length(): number {
    return this.#tasks.length;
  }

  push(task: () => Promise<void>): void {
    this.#tasks.push(task);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (let task = this.#tasks.shift(); task; task = this.#tasks.shift()) await task();
    this.#running = false;
  }
}
