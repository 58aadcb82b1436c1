import type { EngineEndpoint, EngineLibrary } from './engine/medooze.js';
import type { Producer } from './engine/producer.js';
import { RecvTransport } from './engine/recv-transport.js';
import { SendTransport } from './engine/send-transport.js';
import type { Transport } from './engine/transport.js';
import { MediaFailure } from './errors.js';
import { MAX_TRANSPORTS, MEDIA_THREAD_LIMIT_MS } from './limits.js';
import type {
  MediaAnswer,
  MediaArguments,
  MediaEvent,
  MediaRequestName,
  ProducerStats,
  TransportDirection,
} from './rpc.js';
import { readDescription } from './sdp/description.js';
import { RoomSpeakers } from './speakers/room-speakers.js';
import { Taps } from './tapping/taps.js';

/** How each request of rpc.ts is answered; a promise only where the media thread has to be asked. */
type RequestHandlers = {
  [N in MediaRequestName]: (args: MediaArguments<N>) => MediaAnswer<N> | Promise<MediaAnswer<N>>;
};

/** How often bit rates are read and layers chosen. */
const LAYER_INTERVAL_MS = 1_000;

const DONE: Record<string, never> = {};

/** Everything that lives in one worker: its transports and producers, and which room they belong to. */
export class MediaWorker implements RequestHandlers {
  readonly #endpoint: EngineEndpoint;
  readonly #emit: (event: MediaEvent) => void;
  readonly #transports = new Map<string, SendTransport | RecvTransport>();
  readonly #producers = new Map<string, Producer>();
  readonly #speakers: RoomSpeakers;
  readonly #taps: Taps;

  constructor(library: EngineLibrary, announcedIps: string[], emit: (event: MediaEvent) => void) {
    this.#speakers = new RoomSpeakers(library, (roomId, peerIds) =>
      emit({ type: 'activeSpeakers', roomId, peerIds }),
    );
    this.#taps = new Taps(library, emit);
    this.#endpoint = library.createEndpoint(announcedIps, { packetPoolSize: 4096 });
    this.#emit = emit;
    setInterval(() => void this.#adjustLayers(), LAYER_INTERVAL_MS);
  }

  get port(): number {
    return this.#endpoint.getLocalPort();
  }

  createTransport(args: MediaArguments<'createTransport'>): { answer: string } {
    if (this.#transports.size >= MAX_TRANSPORTS) {
      throw new MediaFailure('limit', `A worker has at most ${MAX_TRANSPORTS} transports.`);
    }
    const offer = readDescription(args.offer);
    // A new connection replaces the old one at once: the old one may still own the client's address.
    this.#closeTransport(this.#transports.get(args.transportId));
    for (const transport of this.#ofPeer(args.roomId, args.peerId, args.direction))
      this.#closeTransport(transport);
    const Kind = args.direction === 'send' ? SendTransport : RecvTransport;
    const transport = new Kind(this.#endpoint, args, offer);
    transport.onState = (state) => {
      if (state !== 'connected') this.#forget(transport);
      this.#emit({ type: 'transportState', roomId: transport.roomId, transportId: transport.id, state });
    };
    this.#transports.set(transport.id, transport);
    return { answer: transport.answer };
  }

  closeTransport({ transportId }: MediaArguments<'closeTransport'>): Record<string, never> {
    this.#closeTransport(this.#transports.get(transportId));
    return DONE;
  }

  produce(args: MediaArguments<'produce'>): { answer: string } {
    const transport = this.#sendTransport(args.transportId);
    if (this.#producers.has(args.producerId)) {
      throw new MediaFailure('internal', `There is a producer ${args.producerId} already.`);
    }
    const { producer, answer } = transport.produce(args);
    this.#producers.set(producer.id, producer);
    this.#speakers.add(producer);
    producer.onClose = () => {
      this.#producers.delete(producer.id);
      this.#speakers.remove(producer);
      this.#taps.producerClosed(producer);
    };
    return { answer };
  }

  closeProducer({ transportId, producerId, offer }: MediaArguments<'closeProducer'>): { answer?: string } {
    return { answer: this.#sendTransport(transportId).closeProducer(producerId, offer) };
  }

  muteProducer({ producerId, muted }: MediaArguments<'muteProducer'>): Record<string, never> {
    this.#producer(producerId).track.mute(muted);
    return DONE;
  }

  consume({ transportId, requests }: MediaArguments<'consume'>): MediaAnswer<'consume'> {
    return this.#recvTransport(transportId).consume(requests, (producerId) =>
      this.#producers.get(producerId),
    );
  }

  renegotiate({ transportId, answer }: MediaArguments<'renegotiate'>): Record<string, never> {
    this.#recvTransport(transportId).renegotiate(answer);
    return DONE;
  }

  closeConsumers({ transportId, mids, offer }: MediaArguments<'closeConsumers'>): { answer: string } {
    return { answer: this.#recvTransport(transportId).closeConsumers(mids, offer) };
  }

  preferLayers({ transportId, requests }: MediaArguments<'preferLayers'>): Record<string, never> {
    this.#recvTransport(transportId).preferLayers(requests);
    return DONE;
  }

  startTap(args: MediaArguments<'startTap'>): Record<string, never> {
    this.#taps.start(args, this.#producer(args.producerId));
    return DONE;
  }

  async stopTap({ tapId }: MediaArguments<'stopTap'>): Promise<Record<string, never>> {
    await this.#taps.stop(tapId);
    return DONE;
  }

  closeRoom({ roomId }: MediaArguments<'closeRoom'>): Record<string, never> {
    for (const transport of this.#transports.values()) {
      if (transport.roomId === roomId) this.#closeTransport(transport);
    }
    return DONE;
  }

  async roomStats({ roomId }: MediaArguments<'roomStats'>): Promise<{ producers: ProducerStats[] }> {
    const producers = [...this.#producers.values()].filter((producer) => producer.roomId === roomId);
    return { producers: await Promise.all(producers.map(readStats)) };
  }

  workerStats(): MediaAnswer<'workerStats'> {
    let consumers = 0;
    for (const transport of this.#transports.values()) {
      if (transport instanceof RecvTransport) consumers += transport.consumers.length;
    }
    return {
      transports: this.#transports.size,
      producers: this.#producers.size,
      consumers,
      residentBytes: process.memoryUsage.rss(),
    };
  }

  /** Completes the files of the taps, for a process that is about to end. */
  close(): Promise<void> {
    return this.#taps.close();
  }

  async #adjustLayers(): Promise<void> {
    const videos = [...this.#producers.values()].filter((producer) => producer.kind === 'video');
    await withinLimit(Promise.allSettled(videos.map((producer) => producer.measure())));
    for (const transport of this.#transports.values()) {
      if (transport instanceof RecvTransport) transport.adjustLayers();
    }
  }

  *#ofPeer(
    roomId: string,
    peerId: string,
    direction: TransportDirection,
  ): Iterable<SendTransport | RecvTransport> {
    for (const transport of this.#transports.values()) {
      const isSame =
        transport.roomId === roomId && transport.peerId === peerId && transport.direction === direction;
      if (isSame) yield transport;
    }
  }

  #producer(producerId: string): Producer {
    const producer = this.#producers.get(producerId);
    if (!producer) throw new MediaFailure('not_found', `There is no producer ${producerId}.`);
    return producer;
  }

  #sendTransport(transportId: string): SendTransport {
    const transport = this.#transports.get(transportId);
    if (transport instanceof SendTransport) return transport;
    throw new MediaFailure('not_found', `There is no send transport ${transportId}.`);
  }

  #recvTransport(transportId: string): RecvTransport {
    const transport = this.#transports.get(transportId);
    if (transport instanceof RecvTransport) return transport;
    throw new MediaFailure('not_found', `There is no recv transport ${transportId}.`);
  }

  #closeTransport(transport: SendTransport | RecvTransport | undefined): void {
    if (!transport) return;
    this.#forget(transport);
    transport.close();
  }

  #forget(transport: Transport): void {
    if (this.#transports.get(transport.id) === transport) this.#transports.delete(transport.id);
  }
}

/** A media thread that does not answer any more ends the process, so that the server replaces it. */
async function withinLimit(measured: Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => {
    throw new Error(`The media thread did not answer within ${MEDIA_THREAD_LIMIT_MS} ms.`);
  }, MEDIA_THREAD_LIMIT_MS);
  await measured;
  clearTimeout(timer);
}

async function readStats(producer: Producer): Promise<ProducerStats> {
  const encodings = await producer.track.getStatsAsync();
  const stats = Object.values(encodings);
  const sum = (pick: (encoding: (typeof stats)[number]) => number) =>
    stats.reduce((total, encoding) => total + pick(encoding), 0);
  return {
    producerId: producer.id,
    bitrateBps: sum((encoding) => encoding.bitrate),
    packets: sum((encoding) => encoding.numPackets),
    lostPackets: sum((encoding) => encoding.lostPackets),
    activeRids: producer.rids.filter((rid) => (encodings[rid]?.bitrate ?? 0) > 0),
  };
}
