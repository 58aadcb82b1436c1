import type { Consumer } from '../engine/consumer.js';
import type { EngineTransport } from '../engine/medooze.js';
import {
  DOWN_BELOW,
  decideLayers,
  firstLayer,
  type PolicyState,
  type ReceiverLine,
  startPolicy,
} from './layer-policy.js';

/** Opus at its usual rate with the headers of 50 packets a second. */
const AUDIO_BPS = 50_000;
/** Between two decisions that a sudden low estimate asks for. */
const HURRY_INTERVAL_MS = 200;

/** Carries the layer policy out for one receiver. */
export class LayerControl {
  readonly #engine: EngineTransport;
  readonly #canProbe: boolean;
  #state: PolicyState | undefined;
  #estimate: ReceiverLine['estimate'];
  #consumers: readonly Consumer[] = [];
  #decidedAtMs = 0;

  constructor(engine: EngineTransport, canProbe: boolean) {
    this.#engine = engine;
    this.#canProbe = canProbe;
    engine.on('targetbitrate', (targetBps, capacityBps) => {
      this.#estimate = { targetBps, capacityBps };
      if (this.#isOverloaded(targetBps) && Date.now() - this.#decidedAtMs >= HURRY_INTERVAL_MS) {
        this.adjust(this.#consumers);
      }
    });
  }

  /** The layer with which a consumer starts; undefined without simulcast. */
  first(consumer: Consumer, all: readonly Consumer[]): string | undefined {
    if (consumer.producer.rids.length === 0) return undefined;
    const line = this.#line(all.filter((other) => other === consumer || other.attached));
    return firstLayer(line, consumer.mid);
  }

  adjust(all: readonly Consumer[]): void {
    this.#consumers = all;
    const attached = all.filter((consumer) => consumer.attached);
    const line = this.#line(attached);
    if (line.videos.length === 0) {
      this.#engine.setBandwidthProbing(false);
      this.#state = undefined;
      return;
    }
    this.#decidedAtMs = line.nowMs;
    const { state, changes, isCongested, probeUpToBps } = decideLayers(
      this.#state ?? startPolicy(line.nowMs),
      line,
    );
    this.#state = state;
    for (const consumer of attached) {
      const rid = changes.get(consumer.mid);
      if (rid !== undefined) consumer.selectLayer(rid, !isCongested);
    }
    this.#probe(probeUpToBps);
  }

  #probe(upToBps: number): void {
    if (upToBps > 0) {
      this.#engine.setProbingBitrateLimit(upToBps);
      this.#engine.setMaxProbingBitrate(upToBps);
    }
    this.#engine.setBandwidthProbing(upToBps > 0);
  }

  #isOverloaded(targetBps: number): boolean {
    const { videos, fixedBps } = this.#line(this.#consumers.filter((consumer) => consumer.attached));
    const rateBps = videos.reduce(
      (sum, { layers, rid }) => sum + (layers.find((layer) => layer.rid === rid)?.bitrateBps ?? 0),
      fixedBps,
    );
    return videos.length > 0 && rateBps > targetBps * DOWN_BELOW;
  }

  #line(consumers: readonly Consumer[]): ReceiverLine {
    const videos = consumers.filter((consumer) => consumer.producer.kind === 'video');
    return {
      nowMs: Date.now(),
      estimate: this.#estimate,
      canProbe: this.#canProbe,
      fixedBps: (consumers.length - videos.length) * AUDIO_BPS,
      videos: videos.map((consumer) => ({
        mid: consumer.mid,
        layers: consumer.producer.layers,
        wish: Math.min(consumer.wish, consumer.producer.layers.length - 1),
        rid: consumer.rid ?? (consumer.producer.rids.length === 0 ? '' : undefined),
      })),
    };
  }
}
