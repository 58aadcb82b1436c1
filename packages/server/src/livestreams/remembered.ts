/**
 * What many ask for at the same time, looked up once for all who ask within a moment. What is not there is looked up
 * again at the next question.
 */
export class Remembered<Value> {
  readonly #answers = new Map<string, { until: number; value: Promise<Value | null> }>();

  /** @param max answers that are kept; the oldest one makes room. */
  constructor(
    private readonly forMs: number,
    private readonly max: number,
  ) {}

  /** Rejects as `look` does. */
  find(key: string, look: () => Promise<Value | null>): Promise<Value | null> {
    const now = performance.now();
    const known = this.#answers.get(key);
    if (known && known.until > now) return known.value;
    const value = look();
    const answer = { until: now + this.forMs, value };
    const forget = () => {
      if (this.#answers.get(key) === answer) this.#answers.delete(key);
    };
    value.then((found) => found ?? forget(), forget);
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > this.max) this.#answers.delete(this.#answers.keys().next().value!);
    return value;
  }
}
