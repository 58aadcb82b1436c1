import type { MediaKind } from '../rpc.js';
import type { NegotiatedCodec } from '../sdp/media-table.js';
import type { Consumer } from './consumer.js';
import type { EngineIncomingTrack } from './medooze.js';

export interface ProducerDescription {
  id: string;
  roomId: string;
  peerId: string;
  kind: MediaKind;
  mid: string;
  screenShare: boolean;
  codec: NegotiatedCodec;
  /** Best first; empty without simulcast. */
  rids: string[];
}

/** A track that a peer sends. */
export class Producer {
  readonly id: string;
  readonly roomId: string;
  readonly peerId: string;
  readonly kind: MediaKind;
  readonly mid: string;
  readonly screenShare: boolean;
  readonly codec: NegotiatedCodec;
  readonly rids: readonly string[];
  readonly track: EngineIncomingTrack;
  readonly consumers = new Set<Consumer>();
  /** Called once, before the track stops. */
  onClose: () => void = () => {};
  #closed = false;

  constructor(description: ProducerDescription, track: EngineIncomingTrack) {
    this.id = description.id;
    this.roomId = description.roomId;
    this.peerId = description.peerId;
    this.kind = description.kind;
    this.mid = description.mid;
    this.screenShare = description.screenShare;
    this.codec = description.codec;
    this.rids = description.rids;
    this.track = track;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Consumers keep their m-lines until their clients give them up, but nothing comes any more. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose();
    for (const consumer of this.consumers) consumer.producerClosed();
    this.consumers.clear();
    this.track.stop();
  }
}
