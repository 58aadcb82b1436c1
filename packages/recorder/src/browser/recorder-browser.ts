import type { BrowserContext, Page } from 'playwright-core';
import { Failure } from '../failure.js';
import { type BrowserRequest, launchBrowser, TARGET_TITLE } from './launch.js';
import type { CaptureRequest } from './page/capture-page.js';
import { type PageState, readPageState } from './page/page-state.js';

/** A page that does not answer a question in this time shows nothing new either. */
const PAGE_ANSWER_MS = 5_000;
const CLOSE_MS = 5_000;
const MAX_COMPLAINT_CHARS = 300;

export interface RecorderBrowserListeners {
  /** Chunks come one after the other; the next one waits until this one is taken. */
  onChunk(part: number, chunk: Uint8Array): Promise<void>;
  onCaptureFailed(reason: string): void;
  onPageCrashed(): void;
  /** Chromium is gone without having been asked. */
  onDied(): void;
}

/** The recorder's Chromium: one tab that is recorded, and one that captures it. */
export class RecorderBrowser {
  #closing = false;
  #complaint = '';

  private constructor(
    private readonly context: BrowserContext,
    private readonly recorded: Page,
    private readonly capture: Page,
    listeners: RecorderBrowserListeners,
  ) {
    context.once('close', () => {
      if (!this.#closing) listeners.onDied();
    });
    recorded.on('crash', () => listeners.onPageCrashed());
    recorded.on('pageerror', (error) => this.#hear(error.message));
    recorded.on('console', (message) => {
      if (message.type() === 'error') this.#hear(message.text());
    });
    capture.on('crash', () => listeners.onCaptureFailed('The capture page crashed.'));
  }

  /** Throws Failure `page_failed` where Chromium does not start or cannot capture. */
  static async open(
    request: BrowserRequest & { captureUrl: string },
    capturing: CaptureRequest,
    listeners: RecorderBrowserListeners,
  ): Promise<RecorderBrowser> {
    const context = await launchBrowser(request).catch((error: Error) => {
      throw new Failure('page_failed', `Chromium did not start: ${firstLine(error)}`);
    });
    try {
      const recorded = context.pages()[0] ?? (await context.newPage());
      const capture = await context.newPage();
      await capture.exposeFunction('takeChunk', (part: number, base64: string) =>
        listeners.onChunk(part, Buffer.from(base64, 'base64')),
      );
      await capture.exposeFunction('captureFailed', (reason: string) => listeners.onCaptureFailed(reason));
      const browser = new RecorderBrowser(context, recorded, capture, listeners);
      await recorded.goto(`data:text/html,<title>${TARGET_TITLE}</title>`);
      await capture.goto(request.captureUrl);
      await recorded.bringToFront();
      await capture.evaluate((asked) => window.capturePage.open(asked), capturing);
      return browser;
    } catch (error) {
      await context.close().catch(() => {});
      throw new Failure('page_failed', `The page cannot be captured: ${firstLine(error as Error)}`);
    }
  }

  /** What the page last complained of on its console, for the reason of a failure; empty where it is content. */
  get complaint(): string {
    return this.#complaint;
  }

  /** Throws Failure `page_failed` where there is no page at that address. */
  async show(url: string, timeoutMs: number): Promise<void> {
    const response = await this.recorded
      .goto(url, { timeout: timeoutMs, waitUntil: 'commit' })
      .catch((error: Error) => {
        throw new Failure('page_failed', `The page did not load: ${withoutQueries(firstLine(error))}`);
      });
    if (response && !response.ok()) {
      throw new Failure('page_failed', `The page did not load: it answers status ${response.status()}.`);
    }
  }

  /** Null where the page does not answer. */
  async state(listen: boolean): Promise<PageState | null> {
    return within(
      PAGE_ANSWER_MS,
      this.recorded.evaluate(readPageState, listen).catch(() => null),
    );
  }

  startPart(part: number): Promise<void> {
    return this.capture.evaluate((number) => window.capturePage.start(number), part);
  }

  /** Resolves when the last chunk was taken, or cannot be had any more. */
  async stopPart(): Promise<void> {
    await within(
      CLOSE_MS,
      this.capture.evaluate(() => window.capturePage.stop()).catch(() => null),
    );
  }

  async close(): Promise<void> {
    this.#closing = true;
    await within(
      CLOSE_MS,
      this.context.close().catch(() => {}),
    );
  }

  #hear(complaint: string): void {
    if (complaint) this.#complaint = withoutQueries(complaint).slice(0, MAX_COMPLAINT_CHARS);
  }
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  return Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}

const firstLine = (error: Error): string => error.message.split('\n')[0]!;

/** The address of the page holds a participant token, which must not reach a log. */
const withoutQueries = (text: string): string => text.replaceAll(/\?[^\s"]*/g, '');
