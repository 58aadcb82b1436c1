import type { Layer } from '../layers/layer-policy.js';
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

/** Weight of the newest second in a layer's bit rate, so that one key frame changes no layer. */
const NEWEST_WEIGHT = 0.3;

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
  /** Best first; a single one with an empty rid without simulcast. Rates are those of the last measure(). */
  layers: readonly Layer[];
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
    this.layers = (this.rids.length > 0 ? this.rids : ['']).map((rid) => ({ rid, bitrateBps: 0 }));
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Asks the media thread for the rates of the last second. */
  async measure(): Promise<void> {
    const stats = await this.track.getStatsAsync();
    this.layers = this.layers.map(({ rid, bitrateBps }) => {
      const newest = stats[rid]?.bitrate ?? 0;
      const isFirst = bitrateBps === 0 || newest === 0;
      return { rid, bitrateBps: isFirst ? newest : bitrateBps + (newest - bitrateBps) * NEWEST_WEIGHT };
    });
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
