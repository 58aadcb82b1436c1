import type { Readable } from 'node:stream';

/** Lines of one stream that are passed on at once, and how many more per second. */
const BURST_LINES = 20;
const LINES_PER_SECOND = 2;
/** Longer lines are cut; nothing useful is that long. */
const MAX_LINE_CHARS = 1_000;
const SUMMARY_INTERVAL_MS = 10_000;

/**
 * What a media worker prints, made fit for our log. The native code prints one line for each bad packet that a
 * stranger sends, cannot be told not to, and writes the ICE passwords of a failed check into it. So lines are
 * cleaned, limited in rate, and those left out are counted.
 */
export class WorkerLog {
  #tokens = BURST_LINES;
  #refilledAt: number;
  #suppressed = 0;
  #reportedAt: number;

  constructor(
    private readonly write: (line: string) => void,
    private readonly now: () => number = Date.now,
  ) {
    this.#refilledAt = now();
    this.#reportedAt = now();
  }

  /** Reads a stream of the child process until it ends. */
  follow(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
      for (const line of lines) this.line(line);
    });
    stream.on('end', () => this.line(rest));
    // A pipe that breaks is the end of the process, which is noticed elsewhere.
    stream.on('error', () => {});
  }

  line(raw: string): void {
    const line = cleanLine(raw);
    if (line === undefined) return;
    this.#refill();
    if (this.#tokens < 1) {
      this.#suppressed += 1;
      return;
    }
    this.#tokens -= 1;
    this.write(line);
  }

  #refill(): void {
    const now = this.now();
    const gained = ((now - this.#refilledAt) / 1000) * LINES_PER_SECOND;
    this.#tokens = Math.min(BURST_LINES, this.#tokens + gained);
    this.#refilledAt = now;
    if (this.#suppressed > 0 && now - this.#reportedAt >= SUMMARY_INTERVAL_MS) {
      this.write(`${this.#suppressed} more lines of the media worker were left out`);
      this.#suppressed = 0;
      this.#reportedAt = now;
    }
  }
}

/** Undefined for lines without use: empty ones and dumps of packets. */
export function cleanLine(raw: string): string | undefined {
  const line = raw
    .slice(0, MAX_LINE_CHARS)
    // The native prefix: thread, time, level.
    .replace(/^\[[^\]]*\](\[[^\]]*\])?\[[\d. ]+\]\[(\w{3})\]/, '$2 ')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: bytes of a packet must not reach a terminal.
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '?')
    .replace(/\b((?:ice-)?pwd|password)(["']?\s*[:=]\s*["']?)[^\s\]"',]+/gi, '$1$2[redacted]')
    .trim();
  return line === '' || /^(DBG )?\[[0-9a-f]{4}\] \[0x/.test(line) ? undefined : line;
}
