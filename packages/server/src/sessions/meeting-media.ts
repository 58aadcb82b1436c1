import { randomUUID } from 'node:crypto';
import type { MediaAnswer, MediaArguments, MediaRequestName, TransportDirection } from '@parley/media';
import type { MediaPool, MediaRoom, MediaRoomEvent } from '../media/media-pool.js';
import type { PeerConnection } from './connection.js';

/** Transports of one peer; a client has one in each direction (protocol.md 6). */
type PeerTransports = Partial<Record<TransportDirection, string>>;

interface Transport {
  peerId: string;
  direction: TransportDirection;
}

/**
 * The media of one meeting: which peer holds which transport, and the way to the worker. Transports exist before
 * their peer has joined, since the SDK connects them during `init()` (protocol.md 4).
 */
export class MeetingMedia {
  readonly #transports = new Map<string, Transport>();
  readonly #byPeer = new Map<string, PeerTransports>();
  /** Peers of a session that was taken up after a restart, until when their clients may still believe in old media. */
  readonly #void = new Map<string, number>();
  readonly #rejoined = new WeakSet<PeerConnection>();
  #room: MediaRoom | null = null;

  constructor(
    private readonly pool: MediaPool,
    private readonly roomId: string,
    private readonly listener: (event: MediaRoomEvent) => void,
  ) {}

  request<N extends MediaRequestName>(name: N, args: MediaArguments<N>): Promise<MediaAnswer<N>> {
    return this.#open().request(name, args);
  }

  /**
   * After a restart of the server the old media is gone, but a client that comes back quickly still believes in it
   * and would produce on transports that nobody knows, in vain. Until its ICE has noticed, its media join is
   * refused; it asks again after 1, 3, 5 s (protocol.md 6.1, 6.10).
   */
  declareVoid(peerIds: Iterable<string>, untilMs: number): void {
    for (const peerId of peerIds) this.#void.set(peerId, untilMs);
  }

  /** True at the first call for a socket. */
  isFirstRejoin(connection: PeerConnection): boolean {
    if (this.#rejoined.has(connection)) return false;
    this.#rejoined.add(connection);
    return true;
  }

  isVoidFor(peerId: string): boolean {
    const until = this.#void.get(peerId);
    if (until === undefined) return false;
    if (Date.now() < until && !this.#byPeer.has(peerId)) return true;
    this.#void.delete(peerId);
    return false;
  }

  /** A transport of the peer, if that is what the id names: nobody uses another's. */
  transportOf(peerId: string, direction: TransportDirection): string | undefined {
    return this.#byPeer.get(peerId)?.[direction];
  }

  owns(peerId: string, transportId: string): boolean {
    return this.#transports.get(transportId)?.peerId === peerId;
  }

  /** Makes a transport; an older one of the same direction is closed by it (protocol.md 6.10). */
  async createTransport(peerId: string, direction: TransportDirection, offer: string) {
    const transportId = randomUUID();
    const { answer } = await this.request('createTransport', {
      transportId,
      roomId: this.roomId,
      peerId,
      direction,
      offer,
    });
    const mine = this.#byPeer.get(peerId) ?? {};
    const old = mine[direction];
    if (old) this.#transports.delete(old);
    this.#byPeer.set(peerId, { ...mine, [direction]: transportId });
    this.#transports.set(transportId, { peerId, direction });
    return { transportId, answer };
  }

  /** Sends an order whose failure concerns nobody: what it names is gone already. */
  order<N extends MediaRequestName>(name: N, args: MediaArguments<N>): void {
    if (this.#room) this.request(name, args).catch(() => undefined);
  }

  /** Closes everything of these peers. */
  release(peerIds: readonly string[]): void {
    for (const peerId of peerIds) {
      for (const transportId of Object.values(this.#byPeer.get(peerId) ?? {}) as string[]) {
        this.#transports.delete(transportId);
        this.order('closeTransport', { transportId });
      }
      this.#byPeer.delete(peerId);
    }
  }

  /** Forgets a transport that has ended by itself; returns whose it was. */
  forget(transportId: string): Transport | undefined {
    const transport = this.#transports.get(transportId);
    if (!transport) return undefined;
    this.#transports.delete(transportId);
    const mine = this.#byPeer.get(transport.peerId);
    if (mine?.[transport.direction] === transportId) delete mine[transport.direction];
    return transport;
  }

  /** The worker died: no transport is left, and clients make new ones by themselves (protocol.md 6.10). */
  forgetAll(): void {
    this.#transports.clear();
    this.#byPeer.clear();
  }

  close(): void {
    this.forgetAll();
    this.#room?.close();
    this.#room = null;
  }

  #open(): MediaRoom {
    if (!this.#room) {
      this.#room = this.pool.room(this.roomId);
      this.#room.on(this.listener);
    }
    return this.#room;
  }
}
