import type { SentSource } from '../sdp/write.js';
import type { EngineOutgoingTrack, EngineTransponder, EngineTransport } from './medooze.js';
import type { Producer } from './producer.js';

/** A producer's media on its way to one client: one `sendonly` m-line of the client's recv connection. */
export class Consumer {
  readonly mid: string;
  readonly producer: Producer;
  readonly source: SentSource;
  /** Place in the producer's layers that the client asks for, 0 is the best. */
  wish: number;
  readonly #engine: EngineTransport;
  readonly #track: EngineOutgoingTrack;
  #transponder: EngineTransponder | undefined;
  /** The layer that is sent or will be with its next key frame. */
  #rid: string | undefined;
  #closed = false;

  constructor(engine: EngineTransport, producer: Producer, mid: string, wish: number) {
    this.mid = mid;
    this.producer = producer;
    this.wish = wish;
    this.#engine = engine;
    // Mids are never used twice on a transport, which makes them good track ids too.
    this.#track = engine.createOutgoingStreamTrack(producer.kind, {
      id: mid,
      media: producer.kind,
      mediaId: mid,
    });
    const { media, rtx } = this.#track.getSSRCs();
    this.source = {
      cname: producer.peerId.replace(/[^A-Za-z0-9-]/g, '').slice(0, 64) || 'peer',
      streamId: `stream-${mid}`,
      trackId: `track-${mid}`,
      ssrc: media,
      rtxSsrc: producer.kind === 'video' ? rtx : undefined,
    };
    producer.consumers.add(this);
  }

  get rid(): string | undefined {
    return this.#rid;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get attached(): boolean {
    return this.#transponder !== undefined;
  }

  /** Starts the media; not before the client has answered, else it would waste the key frame. Idempotent. */
  attach(rid: string | undefined): void {
    if (this.#closed || this.#transponder || this.producer.closed) return;
    this.#rid = rid;
    this.#transponder = this.#track.attachTo(
      this.producer.track,
      rid === undefined ? {} : { encodingId: rid },
    );
    if (this.producer.kind === 'video') this.producer.track.refresh();
  }

  /** Asks for a key frame of the new layer; smooth keeps the old one until it comes. */
  selectLayer(rid: string, smooth: boolean): void {
    if (!this.#transponder || this.producer.closed || rid === this.#rid) return;
    this.#transponder.selectEncoding(rid, smooth);
    this.#rid = rid;
  }

  producerClosed(): void {
    this.#transponder = undefined;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.producer.consumers.delete(this);
    this.#transponder = undefined;
    this.#track.stop();
    // The engine files the track under its id but takes it out under another key, and would keep it forever.
    this.#engine.outgoingStreamTracks.delete(this.#track.getId());
  }
}
