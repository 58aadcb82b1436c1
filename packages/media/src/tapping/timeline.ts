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
/** ...or longer, when there are gaps in it... */
const START_MAX_MS = 3_000;
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
  /** When the first frame came after the last gap. */
  #runStartMs = 0;
  #lastPositionMs = Number.NEGATIVE_INFINITY;
  #windowEndMs = 0;
  #windowLeastMs = Number.POSITIVE_INFINITY;

  /** Unix time of position 0; null until the first frames have their places. */
  get startedAtMs(): number | null {
    return this.#startedAtMs;
  }

  /** Takes the next frame; answers those that have got their places, in order. Frames that come too late are left out. */
  add(frame: TappedFrame): PlacedFrame[] {
    const { arrivalMs } = frame;
    const isAfterGap = arrivalMs - this.#lastArrivalMs > GAP_MS;
    const isStarting = this.#startedAtMs === null;
    const firstArrivalMs = this.#held[0]?.arrivalMs ?? arrivalMs;
    const isEnough = !isStarting || arrivalMs - firstArrivalMs >= START_MAX_MS;
    const before = isAfterGap && isEnough ? this.flush() : [];
    if (isAfterGap) {
      this.#isHolding = true;
      this.#runStartMs = arrivalMs;
    }
    this.#lastArrivalMs = arrivalMs;
    this.#held.push(frame);
    return this.#mustWait(arrivalMs) ? before : [...before, ...this.flush()];
  }

  /** The frames that still wait for their places. */
  flush(): PlacedFrame[] {
    const held = this.#held.splice(0);
    if (!this.#isHolding || held.length === 0) return held.flatMap((frame) => this.#place(frame));
    this.#isHolding = false;
    const runs = runsOf(held);
    if (this.#startedAtMs === null) this.#start(runs);
    return runs.flatMap((run) => {
      this.#settle(leastDelayMs(run));
      return run.flatMap((frame) => this.#place(frame));
    });
  }

  #mustWait(nowMs: number): boolean {
    if (!this.#isHolding || this.#held.length >= MAX_HELD_FRAMES) return false;
    if (nowMs - this.#runStartMs < SETTLE_MS) return true;
    return this.#startedAtMs === null && nowMs - this.#held[0]!.arrivalMs < START_SETTLE_MS;
  }

  /** A gap in the first frames is either a network that held them up, or timestamps that stood still. */
  #start([first = [], ...others]: TappedFrame[][]): void {
    this.#offsetMs = leastDelayMs(first);
    for (const run of others) {
      const leastMs = leastDelayMs(run);
      const differenceMs = leastMs - this.#offsetMs;
      if (differenceMs > STEP_MS || differenceMs < -START_MAX_MS) break;
      this.#offsetMs = Math.min(this.#offsetMs, leastMs);
    }
    this.#startedAtMs = Math.round(senderMs(first[0]!) + this.#offsetMs);
    this.#windowEndMs = this.#lastArrivalMs + DRIFT_WINDOW_MS;
  }

  /** After a gap: who comes with less delay than was thought possible tells the truth, and nobody hears the correction. */
  #settle(leastMs: number): void {
    const differenceMs = leastMs - this.#offsetMs;
    if (differenceMs >= 0 && differenceMs <= STEP_MS) return;
    this.#offsetMs = leastMs;
    this.#windowLeastMs = Number.POSITIVE_INFINITY;
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

/** Frames that came without a gap between them. */
function runsOf(frames: readonly TappedFrame[]): TappedFrame[][] {
  const runs: TappedFrame[][] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const frame of frames) {
    if (frame.arrivalMs - lastMs > GAP_MS) runs.push([]);
    runs.at(-1)!.push(frame);
    lastMs = frame.arrivalMs;
  }
  return runs;
}

function leastDelayMs(run: readonly TappedFrame[]): number {
  return run.reduce(
    (least, frame) => Math.min(least, frame.arrivalMs - senderMs(frame)),
    Number.POSITIVE_INFINITY,
  );
}

function senderMs({ timestamp, clockRate }: TappedFrame): number {
  return (timestamp * 1000) / clockRate;
}
