import { until } from './until.js';

/** Eight digits behind a mark, so that a message is recognised in a frame without decoding it. */
const MARK = 'no:';
const DIGITS = 8;
const SETTLE_LIMIT_MS = 60_000;

/** Numbers the messages of a run, and checks that each receiver gets every one of them in the same order. */
export class Deliveries {
  /** From sending to the last receiver, in milliseconds, one for each message. */
  readonly latenciesMs: number[] = [];
  readonly #sentAtMs: number[] = [];
  readonly #missing: number[] = [];
  /** In the order in which the first receiver of each place got them. */
  readonly #order: number[] = [];
  readonly #counts: number[];
  #disorders = 0;

  constructor(private readonly receivers: number) {
    this.#counts = Array(receivers).fill(0);
  }

  /** Text that has to stand in the next message. */
  next(): string {
    const number = this.#sentAtMs.push(performance.now()) - 1;
    this.#missing.push(this.receivers);
    return `${MARK}${String(number).padStart(DIGITS, '0')}`;
  }

  /** A receiver has got a frame; one without a number is of another kind and passed over. */
  received(receiver: number, frame: Uint8Array): void {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    const at = bytes.indexOf(MARK, 0, 'latin1');
    if (at < 0) return;
    const number = Number(bytes.toString('latin1', at + MARK.length, at + MARK.length + DIGITS));
    const place = this.#counts[receiver]!;
    this.#counts[receiver] = place + 1;
    if (place === this.#order.length) this.#order.push(number);
    else if (this.#order[place] !== number) this.#disorders += 1;
    this.#missing[number]! -= 1;
    if (this.#missing[number] === 0) this.latenciesMs.push(performance.now() - this.#sentAtMs[number]!);
  }

  /** Waits for what is under way. Rejects when anything was lost, came twice, or came in another order. */
  async complete(): Promise<void> {
    const sent = this.#sentAtMs.length;
    await until('every message at every receiver', () => this.latenciesMs.length === sent, SETTLE_LIMIT_MS);
    const wrong = this.#counts.filter((count) => count !== sent).length;
    if (wrong > 0 || this.#disorders > 0) {
      throw new Error(`${wrong} receivers got too many, ${this.#disorders} messages came out of order`);
    }
  }
}
