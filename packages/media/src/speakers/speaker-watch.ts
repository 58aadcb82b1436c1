import type { EngineLibrary, EngineSpeakerDetector } from '../engine/medooze.js';
import type { Producer } from '../engine/producer.js';
import { EMPTY_RANKING, type RankingState, rankSpeakers, withoutSpeaker } from './speaker-ranking.js';

/** How often the engine reports each speaker, and the order is looked at. */
const REPORT_INTERVAL_MS = 250;
/** A report counts for this long; none means silence. */
const REPORT_LIFE_MS = 600;
/** The engine puts the speaker's number and its score into one integer (patches/speaker-levels.patch). */
const SPEAKER_BITS = 20;

/** Listens to the microphones of one room and tells when the order of the speakers changes. */
export class SpeakerWatch {
  readonly #detector: EngineSpeakerDetector;
  readonly #onOrder: (peerIds: string[]) => void;
  readonly #peers = new Map<number, string>();
  readonly #reports = new Map<string, { level: number; atMs: number }>();
  #ranking: RankingState = EMPTY_RANKING;
  #timer: NodeJS.Timeout | undefined;

  constructor(library: EngineLibrary, onOrder: (peerIds: string[]) => void) {
    this.#onOrder = onOrder;
    this.#detector = library.createActiveSpeakerDetector();
    this.#detector.setMinChangePeriod(REPORT_INTERVAL_MS);
    this.#detector.onactivespeakerchanged = (report) => this.#report(report);
  }

  /**
   * A track leaves the detector by itself when it stops. It is never taken out before: the engine would wait for the
   * media thread while holding a lock that this thread may be waiting for.
   */
  add(producer: Producer): void {
    this.#detector.addSpeaker(producer.track);
    const number = this.#detector.ids.get(producer.track);
    if (number !== undefined) this.#peers.set(number, producer.peerId);
  }

  /** Call when the producer has closed. */
  remove(producer: Producer): void {
    for (const [number, peerId] of this.#peers) if (peerId === producer.peerId) this.#peers.delete(number);
    this.#reports.delete(producer.peerId);
    this.#update(withoutSpeaker(this.#ranking, producer.peerId));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#peers.clear();
    this.#reports.clear();
  }

  #report(report: number): void {
    const peerId = this.#peers.get(report & ((1 << SPEAKER_BITS) - 1));
    if (peerId === undefined) return;
    this.#reports.set(peerId, { level: report >>> SPEAKER_BITS, atMs: Date.now() });
    this.#timer ??= setTimeout(() => this.#rank(), REPORT_INTERVAL_MS);
  }

  /** Goes on as long as somebody speaks; a silent room costs nothing. */
  #rank(): void {
    const nowMs = Date.now();
    const levels = new Map<string, number>();
    for (const [peerId, { level, atMs }] of this.#reports) {
      if (nowMs - atMs > REPORT_LIFE_MS) this.#reports.delete(peerId);
      else levels.set(peerId, level);
    }
    this.#timer = levels.size > 0 ? setTimeout(() => this.#rank(), REPORT_INTERVAL_MS) : undefined;
    this.#update(rankSpeakers(this.#ranking, levels, nowMs));
  }

  #update(ranking: RankingState): void {
    const { order } = this.#ranking;
    this.#ranking = ranking;
    const isSame =
      order.length === ranking.order.length && order.every((id, place) => id === ranking.order[place]);
    if (!isSame) this.#onOrder([...ranking.order]);
  }
}
