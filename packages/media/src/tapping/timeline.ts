/** One frame of sound as the engine hands it over: a whole Opus packet. */
export interface TappedFrame {
  data: Uint8Array;
  /** In units of `clockRate`, without wrapping around. */
  timestamp: number;
  clockRate: number;
  /** Unix time at which its packet came, by this machine's clock. */
  arrivalMs: number;
}

export interface PlacedFrame {
  data: Uint8Array;
  /** Since the start of the file. */
  positionMs: number;
}

/** Longer than a jitter of the network; packets of silence come every 400 ms. */
const GAP_MS = 250;
/** Frames that are looked at together before the first of them gets its place: at the start, which decides on all... */
const START_SETTLE_MS = 1_000;
/** ...and after a gap. */
const SETTLE_MS = 300;
/** More than Opus can make of that time, at 2.5 ms each. */
const MAX_HELD_FRAMES = 512;
/** A lasting difference above this is no jitter: the sender's timestamps stood still, or jumped. */
const STEP_MS = 100;
/** The sender's clock is compared with ours once in this time... */
const DRIFT_WINDOW_MS = 10_000;
/** ...and then followed by this much at most, which nobody hears. Crystals differ by less than 1 ms in 10 s. */
const MAX_DRIFT_STEP_MS = 5;

/**
 * Gives the frames of one sender their places in a file, so that position plus start is our clock's time in every
 * file: two files laid side by side are in sync.
 *
 * RTP timestamps alone do not do: senders' clocks run apart by some 100 ms an hour, and they stand still while a
 * sender has no microphone. Arrival alone does not either: it carries the network's jitter. The frame of a group that came
 * with the least delay tells the truth about both.
 */
export class TrackTimeline {
  #held: TappedFrame[] = [];
  #isHolding = false;
  #startedAtMs: number | null = null;
  /** Our clock minus the sender's, less the delay of the quickest packet. */
  #offsetMs = 0;
  #lastArrivalMs = Number.NEGATIVE_INFINITY;
  #lastPositionMs = Number.NEGATIVE_INFINITY;
  #windowEndMs = 0;
  #windowLeastMs = Number.POSITIVE_INFINITY;

  /** Unix time of position 0; null until the first frames have their places. */
  get startedAtMs(): number | null {
    return this.#startedAtMs;
  }

  /** Takes the next frame; answers those that have got their places, in order. Frames that come too late are left out. */
  add(frame: TappedFrame): PlacedFrame[] {
    const isAfterGap = frame.arrivalMs - this.#lastArrivalMs > GAP_MS;
    // The start is judged by what came without a gap: the sender's timestamps may have stood still in it.
    const before = isAfterGap && this.#startedAtMs === null ? this.flush() : [];
    if (isAfterGap) this.#isHolding = true;
    this.#lastArrivalMs = frame.arrivalMs;
    this.#held.push(frame);
    const heldMs = frame.arrivalMs - this.#held[0]!.arrivalMs;
    const settleMs = this.#startedAtMs === null ? START_SETTLE_MS : SETTLE_MS;
    if (this.#isHolding && heldMs < settleMs && this.#held.length < MAX_HELD_FRAMES) return before;
    return [...before, ...this.flush()];
  }

  /** The frames that still wait for their places. */
  flush(): PlacedFrame[] {
    if (this.#isHolding && this.#held.length > 0) this.#settle();
    this.#isHolding = false;
    return this.#held.splice(0).flatMap((frame) => this.#place(frame));
  }

  #settle(): void {
    const least = Math.min(...this.#held.map((frame) => frame.arrivalMs - senderMs(frame)));
    if (this.#startedAtMs === null) {
      this.#offsetMs = least;
      this.#startedAtMs = Math.round(senderMs(this.#held[0]!) + least);
      this.#windowEndMs = this.#lastArrivalMs + DRIFT_WINDOW_MS;
    } else if (Math.abs(least - this.#offsetMs) > STEP_MS) {
      this.#offsetMs = least;
      this.#windowLeastMs = Number.POSITIVE_INFINITY;
    }
  }

  #place(frame: TappedFrame): PlacedFrame[] {
    this.#follow(frame);
    const positionMs = Math.round(senderMs(frame) + this.#offsetMs - this.#startedAtMs!);
    if (positionMs <= this.#lastPositionMs) return [];
    this.#lastPositionMs = positionMs;
    return [{ data: frame.data, positionMs }];
  }

  /** Keeps pace with a sender's clock that runs faster or slower than ours. */
  #follow(frame: TappedFrame): void {
    this.#windowLeastMs = Math.min(this.#windowLeastMs, frame.arrivalMs - senderMs(frame));
    if (frame.arrivalMs < this.#windowEndMs) return;
    const difference = this.#windowLeastMs - this.#offsetMs;
    this.#offsetMs +=
      Math.abs(difference) > STEP_MS
        ? difference
        : Math.max(-MAX_DRIFT_STEP_MS, Math.min(MAX_DRIFT_STEP_MS, difference));
    this.#windowEndMs = frame.arrivalMs + DRIFT_WINDOW_MS;
    this.#windowLeastMs = Number.POSITIVE_INFINITY;
  }
}

function senderMs({ timestamp, clockRate }: TappedFrame): number {
  return (timestamp * 1000) / clockRate;
}
