import { MediaFailure } from '../errors.js';
import { MAX_PRODUCERS_PER_TRANSPORT, MAX_SIMULCAST_LAYERS } from '../limits.js';
import type { MediaKind } from '../rpc.js';
import { type Description, type MediaSection, readDescription } from '../sdp/description.js';
import { codecOfSection, negotiate } from '../sdp/media-table.js';
import type { WrittenSection } from '../sdp/write.js';
import type { EngineEndpoint } from './medooze.js';
import { Producer } from './producer.js';
import { Transport, type TransportIdentity } from './transport.js';

export interface ProduceRequest {
  producerId: string;
  kind: MediaKind;
  mid: string;
  screenShare: boolean;
  offer: string;
}

/** The connection on which a client sends. The client makes every offer; the worker only answers. */
export class SendTransport extends Transport {
  /** The answer to the client's first offer. */
  readonly answer: string;
  readonly #producers = new Map<string, Producer>();

  constructor(endpoint: EngineEndpoint, identity: TransportIdentity, offer: Description) {
    super(endpoint, identity, offer);
    this.answer = this.#answer(offer);
  }

  get producers(): Iterable<Producer> {
    return this.#producers.values();
  }

  /** Throws MediaFailure when the m-line `mid` cannot become a track. */
  produce(request: ProduceRequest): { producer: Producer; answer: string } {
    if (this.#producers.size >= MAX_PRODUCERS_PER_TRANSPORT) {
      throw new MediaFailure('limit', `A peer sends at most ${MAX_PRODUCERS_PER_TRANSPORT} tracks.`);
    }
    const offer = readDescription(request.offer);
    const section = offer.sections.find((candidate) => candidate.mid === request.mid);
    if (section?.media !== request.kind || section.rejected) {
      throw new MediaFailure(
        'invalid_sdp',
        `The offer has no ${request.kind} m-line with mid ${request.mid}.`,
      );
    }
    if (this.#producerOf(section)) {
      throw new MediaFailure('invalid_sdp', `The m-line with mid ${request.mid} carries a track already.`);
    }
    const codec = codecOfSection(section, this.table[request.kind]);
    if (!codec) {
      throw new MediaFailure(
        'invalid_sdp',
        `The m-line with mid ${request.mid} offers no codec that we carry.`,
      );
    }
    const rids =
      request.kind === 'video' ? sortBestFirst(section.sendRids).slice(0, MAX_SIMULCAST_LAYERS) : [];
    const { rtx, ...ssrcs } = section.ssrcs ?? { media: undefined, rtx: undefined };
    const track = this.engine.createIncomingStreamTrack(request.kind, {
      id: request.producerId,
      media: request.kind,
      mediaId: request.mid,
      ...(rids.length > 0
        ? { encodings: rids.map((rid) => [{ id: rid }]) }
        : ssrcs.media === undefined
          ? {}
          : { ssrcs: rtx === undefined ? { media: ssrcs.media } : { media: ssrcs.media, rtx } }),
    });
    const { producerId: id, kind, mid, screenShare } = request;
    const producer = new Producer(
      { id, roomId: this.roomId, peerId: this.peerId, kind, mid, screenShare, codec, rids },
      track,
    );
    this.#producers.set(producer.id, producer);
    return { producer, answer: this.#answer(offer) };
  }

  /** Answers the offer with which the client gives the m-line up, when there is one (protocol.md 6.4). */
  closeProducer(producerId: string, sdp: string | undefined): string | undefined {
    const offer = sdp === undefined ? undefined : readDescription(sdp);
    this.#producers.get(producerId)?.close();
    this.#producers.delete(producerId);
    return offer && this.#answer(offer);
  }

  protected override closeTracks(): void {
    for (const producer of this.#producers.values()) producer.close();
    this.#producers.clear();
  }

  /**
   * M-lines without a track are answered `inactive` and never rejected: the SDK takes the newest m-line for the last
   * of its kind (protocol.md 6.2), and with `recvonly` Chromium would use the unused ones for padding.
   */
  #answer(offer: Description): string {
    const sections = offer.sections.map((section): WrittenSection => {
      const { media, protocol, mid, firstFormat: format } = section;
      const kind = media === 'audio' || media === 'video' ? media : undefined;
      const producer = this.#producerOf(section);
      const common = kind && negotiate('send', kind, section);
      const codec = producer?.codec ?? common?.codecs[0];
      if (section.rejected || !kind || !common || !codec) {
        return { state: 'rejected', media, protocol, mid, format };
      }
      const active =
        producer !== undefined && section.direction !== 'inactive' && section.direction !== 'recvonly';
      return {
        state: 'live',
        kind,
        mid,
        direction: active ? 'recvonly' : 'inactive',
        codec,
        extensions: common.extensions,
        receivedRids: active ? [...producer.rids] : [],
      };
    });
    return this.describe('passive', sections);
  }

  #producerOf(section: MediaSection): Producer | undefined {
    for (const producer of this.#producers.values()) if (producer.mid === section.mid) return producer;
    return undefined;
  }
}

/** "Asciibetical" as in the SDK's wishes: a is best, z is worst, so f, h, q. */
function sortBestFirst(rids: string[]): string[] {
  return rids.toSorted((one, other) => (one < other ? -1 : 1));
}
