import { MediaFailure } from '../errors.js';
import { LayerControl } from '../layers/layer-control.js';
import { MAX_CONSUMES_PER_REQUEST, MAX_MEDIA_SECTIONS } from '../limits.js';
import type { ConsumeResult, MediaKind, Rid } from '../rpc.js';
import {
  type Description,
  type HeaderExtension,
  type MediaSection,
  readDescription,
} from '../sdp/description.js';
import { type NegotiatedCodec, negotiate } from '../sdp/media-table.js';
import type { WrittenSection } from '../sdp/write.js';
import { Consumer } from './consumer.js';
import type { EngineEndpoint } from './medooze.js';
import type { Producer } from './producer.js';
import { Transport, type TransportIdentity } from './transport.js';

/** An m-line of the connection, in its place. */
type Slot =
  /** Of the client's own making (its two unused senders, protocol.md 6.1); always inactive. */
  | { state: 'clients'; media: string; mid: string; written: WrittenSection }
  | {
      state: 'consumer';
      media: MediaKind;
      mid: string;
      consumer: Consumer;
      codec: NegotiatedCodec;
      extensions: HeaderExtension[];
    }
  /** Free for the next consumer of the same kind. */
  | { state: 'rejected'; media: string; mid: string; written: WrittenSection };

const FIRST_MID = 100;

const WISHES: Record<Rid, number> = { f: 0, h: 1, q: 2 };

/** The connection on which a client receives. The worker offers consumers; the client offers their removal. */
export class RecvTransport extends Transport {
  /** The answer to the client's first offer. */
  readonly answer: string;
  readonly #layers: LayerControl;
  #slots: Slot[] = [];
  #nextMid = FIRST_MID;

  constructor(endpoint: EngineEndpoint, identity: TransportIdentity, offer: Description) {
    super(endpoint, identity, offer);
    const canProbe = this.table.video.codecs.some((codec) => codec.rtxPayloadType !== undefined);
    this.#layers = new LayerControl(this.engine, canProbe);
    this.answer = this.#answer(offer);
  }

  get consumers(): Consumer[] {
    return this.#slots.flatMap((slot) => (slot.state === 'consumer' ? slot.consumer : []));
  }

  /** The offer is missing when nothing could be consumed. */
  consume(
    requests: { producerId: string; preferredRid?: Rid }[],
    find: (producerId: string) => Producer | undefined,
  ): { results: ConsumeResult[]; offer?: string } {
    if (requests.length > MAX_CONSUMES_PER_REQUEST) {
      throw new MediaFailure(
        'limit',
        `At most ${MAX_CONSUMES_PER_REQUEST} producers are consumed per request.`,
      );
    }
    const results = requests.map(({ producerId, preferredRid }): ConsumeResult => {
      const producer = find(producerId);
      // It may have been lost with another worker or come a moment later; the SDK asks again after 500 ms.
      if (!producer || producer.roomId !== this.roomId) return { producerId, error: 'try_again' };
      try {
        return this.#consumeOne(producer, WISHES[preferredRid ?? 'f']);
      } catch {
        return { producerId, error: 'backend_error' };
      }
    });
    if (!results.some((result) => 'mid' in result)) return { results };
    return { results, offer: this.describe('actpass', this.#slots.map(writeSlot)) };
  }

  /** Media flows from here on to every m-line that the client takes. */
  renegotiate(sdp: string): void {
    const answer = readDescription(sdp);
    for (const [index, section] of answer.sections.entries()) {
      const slot = this.#slots[index];
      if (slot?.state !== 'consumer' || slot.mid !== section.mid) continue;
      if (section.rejected) this.#reject(index, section);
      else if (section.direction === 'recvonly' || section.direction === 'sendrecv') {
        slot.consumer.attach(this.#layers.first(slot.consumer, this.consumers));
      }
    }
  }

  /** Chooses the layers anew; called once a second. */
  adjustLayers(): void {
    this.#layers.adjust(this.consumers);
  }

  /** Mirrors the client's zero ports; what the client keeps is answered as it was (protocol.md 6.6). */
  closeConsumers(mids: string[], sdp: string): string {
    const offer = readDescription(sdp);
    for (const [index, slot] of this.#slots.entries()) {
      if (slot.state !== 'consumer') continue;
      const section = offer.sections[index];
      const given =
        mids.includes(slot.mid) || !section || section.rejected || section.direction === 'inactive';
      if (given) slot.consumer.close();
    }
    return this.#answer(offer);
  }

  preferLayers(requests: { mid: string; rid: Rid }[]): void {
    for (const { mid, rid } of requests) {
      const consumer = this.consumers.find((candidate) => candidate.mid === mid);
      if (consumer) consumer.wish = WISHES[rid];
    }
    this.adjustLayers();
  }

  protected override closeTracks(): void {
    for (const consumer of this.consumers) consumer.close();
    this.#slots = [];
  }

  #consumeOne(producer: Producer, wish: number): ConsumeResult {
    const producerId = producer.id;
    const existing = this.consumers.find((consumer) => consumer.producer === producer);
    if (existing) return { producerId, mid: existing.mid };
    const codec = this.table[producer.kind].codecs.find(
      (candidate) => candidate.name === producer.codec.name,
    );
    if (!codec) return { producerId, error: 'not_found_track_error' };
    const free = this.#slots.findIndex((slot) => slot.state === 'rejected' && slot.media === producer.kind);
    if (free === -1 && this.#slots.length >= MAX_MEDIA_SECTIONS)
      return { producerId, error: 'backend_error' };
    const mid = this.#newMid();
    const consumer = new Consumer(this.engine, producer, mid, wish);
    const { extensions } = this.table[producer.kind];
    const slot: Slot = { state: 'consumer', media: producer.kind, mid, consumer, codec, extensions };
    if (free === -1) this.#slots.push(slot);
    else this.#slots[free] = slot;
    return { producerId, mid };
  }

  /** Never used before on this connection, neither by us nor by the client. */
  #newMid(): string {
    while (this.#slots.some((slot) => slot.mid === String(this.#nextMid))) this.#nextMid += 1;
    const mid = String(this.#nextMid);
    this.#nextMid += 1;
    return mid;
  }

  /** Takes the client's offer as the new list of m-lines and answers it. */
  #answer(offer: Description): string {
    const previous = this.#slots;
    this.#slots = offer.sections.map((section, index) => this.#adopt(section, previous[index]));
    for (const slot of previous) {
      if (slot.state === 'consumer' && !this.#slots.includes(slot)) slot.consumer.close();
    }
    return this.describe('passive', this.#slots.map(writeSlot));
  }

  #adopt(section: MediaSection, known: Slot | undefined): Slot {
    const { media, protocol, mid, firstFormat: format } = section;
    const isKept = known?.state === 'consumer' && known.mid === mid && !section.rejected;
    if (isKept && !known.consumer.closed) return known;
    const kind = media === 'audio' || media === 'video' ? media : undefined;
    const common = kind && negotiate('recv', kind, section);
    const codec = common?.codecs[0];
    if (section.rejected || !kind || !codec) {
      return { state: 'rejected', media, mid, written: { state: 'rejected', media, protocol, mid, format } };
    }
    const { extensions } = common;
    const written: WrittenSection = {
      state: 'live',
      kind,
      mid,
      direction: 'inactive',
      codec,
      extensions,
      receivedRids: [],
    };
    return { state: 'clients', media, mid, written };
  }

  #reject(index: number, section: MediaSection): void {
    const slot = this.#slots[index];
    if (slot?.state === 'consumer') slot.consumer.close();
    this.#slots[index] = this.#adopt(section, undefined);
  }
}

function writeSlot(slot: Slot): WrittenSection {
  if (slot.state !== 'consumer') return slot.written;
  const { media: kind, mid, codec, extensions, consumer } = slot;
  // Without a payload type for retransmissions their source would never be heard.
  const rtxSsrc = codec.rtxPayloadType === undefined ? undefined : consumer.source.rtxSsrc;
  const source = { ...consumer.source, rtxSsrc };
  return { state: 'live', kind, mid, direction: 'sendonly', codec, extensions, receivedRids: [], source };
}
