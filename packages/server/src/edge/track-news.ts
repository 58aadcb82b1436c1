/** Longer than a browser takes to answer an offer; a client that never does hears the news all the same. */
const KEPT_MAX_MS = 5_000;
const KEPT_MAX_FRAMES = 1_000;

/**
 * News about the tracks of others, which wait while the client takes tracks up: the SDK knows a consumer only when its
 * negotiation is over (protocol.md 6.5), and forgets what it has heard of the producer until then. A screen that was put
 * away meanwhile would stay with the others for good.
 */
export class TrackNews {
  readonly #kept: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (frame: Uint8Array) => void) {}

  /** The client asks for tracks: news wait until `release`, or for `KEPT_MAX_MS`. */
  keep(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.release(), KEPT_MAX_MS);
  }

  tell(frame: Uint8Array): void {
    if (!this.#timer) {
      this.send(frame);
      return;
    }
    this.#kept.push(frame);
    if (this.#kept.length >= KEPT_MAX_FRAMES) this.release();
  }

  /** The client has its tracks: it hears what has waited, in order. */
  release(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const frame of this.#kept.splice(0)) this.send(frame);
  }
}
