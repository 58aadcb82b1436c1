import type { RecorderBrowser } from './browser/recorder-browser.js';
import type { StopReason } from './contract.js';

const LOOK_EVERY_MS = 500;
/** A page that crashes again and again is not worth the recording. */
const MAX_RELOADS = 5;
/** One look may catch a click in the line; this many are sound. */
const LOOKS_WITH_SOUND = 3;

export interface PageWatchListeners {
  onGap(gap: { fromMs: number; toMs: number; reason: string }): void;
  /** Called once, when the page has been heard for a moment. */
  onSound(): void;
  onStop(reason: StopReason): void;
  /** The page is to be loaded anew; rejects where that cannot be. */
  reload(): Promise<void>;
}

/** Looks at the recorded page twice a second: whether it still shows its meeting, and wants to be recorded. */
export class PageWatch {
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #gap: { fromMs: number; reason: string } | null = null;
  #hadMeeting = false;
  #reloads = 0;
  #looksWithSound = 0;

  constructor(
    private readonly browser: RecorderBrowser,
    private readonly listeners: PageWatchListeners,
  ) {
    this.#lookAgain();
  }

  pageCrashed(): void {
    if (this.#closed) return;
    this.#reloads += 1;
    this.#gap ??= { fromMs: Date.now(), reason: 'The page crashed and was loaded anew.' };
    const giveUp = () => this.listeners.onStop('browser_died');
    if (this.#reloads > MAX_RELOADS) giveUp();
    else void this.listeners.reload().catch(giveUp);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#endGap();
  }

  #lookAgain(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#look().finally(() => this.#lookAgain()), LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    const lookedAtMs = Date.now();
    const state = await this.browser.state(this.#looksWithSound < LOOKS_WITH_SOUND);
    if (this.#closed) return;
    if (state?.wantsRecording === false) return this.listeners.onStop('page_stopped');
    if (state?.hearsSound) {
      this.#looksWithSound += 1;
      if (this.#looksWithSound === LOOKS_WITH_SOUND) this.listeners.onSound();
    }
    this.#hadMeeting ||= state?.isConnected === true;
    const isThere = state?.isConnected ?? !this.#hadMeeting;
    if (state && isThere) return this.#endGap();
    const reason = state ? 'The page was without its session.' : 'The page did not answer.';
    this.#gap ??= { fromMs: lookedAtMs, reason };
  }

  #endGap(): void {
    if (this.#gap) this.listeners.onGap({ ...this.#gap, toMs: Date.now() });
    this.#gap = null;
  }
}
