import { rm } from 'node:fs/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { Failure } from '../failure.js';
import type { Signal } from '../signal.js';
import type { PageCapture } from './capture-request.js';
import { type BrowserRequest, launchBrowser, TARGET_TITLE } from './launch.js';
import { LocalServer } from './local-server.js';
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
  /** Resolves with null when Chromium is gone, whoever ended it. */
  readonly died: Promise<null>;
  #listeners: RecorderBrowserListeners | null = null;
  #request: PageCapture | null = null;
  #closing = false;
  #complaint = '';

  private constructor(
    private readonly context: BrowserContext,
    private recorded: Page,
    private readonly capture: Page,
    private readonly server: LocalServer,
    private readonly profileFolder: string,
  ) {
    this.died = new Promise((died) => context.once('close', () => died(null)));
    void this.died.then(() => {
      if (!this.#closing) this.#listeners?.onDied();
    });
    this.#watch(recorded);
    capture.on('crash', () => this.#listeners?.onCaptureFailed('The capture page crashed.'));
  }

  /** Throws Failure `page_failed` where Chromium does not start. */
  static async open(request: Omit<BrowserRequest, 'socketAddress'>): Promise<RecorderBrowser> {
    const server = await LocalServer.open();
    let context: BrowserContext | null = null;
    try {
      context = await launchBrowser({ ...request, socketAddress: server.address });
      const recorded = context.pages()[0] ?? (await context.newPage());
      const capture = await context.newPage();
      const browser = new RecorderBrowser(context, recorded, capture, server, request.profileFolder);
      await Promise.all([
        capture.exposeFunction('takeChunk', (part: number, base64: string) =>
          browser.#listeners?.onChunk(part, Buffer.from(base64, 'base64')),
        ),
        capture.exposeFunction('captureFailed', (reason: string) =>
          browser.#listeners?.onCaptureFailed(reason),
        ),
      ]);
      await capture.goto(server.capturePageUrl);
      await recorded.bringToFront();
      return browser;
    } catch (error) {
      await context?.close().catch(() => {});
      server.close();
      throw new Failure('page_failed', `Chromium did not start: ${firstLine(error as Error)}`);
    }
  }

  /** The recording app of the page has come. */
  get socketOpened(): Signal {
    return this.server.socketOpened;
  }

  get startRequested(): Signal {
    return this.server.startRequested;
  }

  /** Begins to capture the tab, whatever it shows. Throws Failure `page_failed` where that cannot be. */
  async openCapture(request: PageCapture, listeners: RecorderBrowserListeners): Promise<void> {
    this.#listeners = listeners;
    this.#request = request;
    await this.#capture(request);
  }

  /** Puts a tab that works in the place of one that crashed, and captures that from now on. */
  async replacePage(): Promise<void> {
    const crashed = this.recorded;
    await this.capture.evaluate(() => window.capturePage.letGo());
    this.recorded = await this.context.newPage();
    this.#watch(this.recorded);
    await crashed.close();
    if (this.#request) await this.#capture(this.#request);
  }

  async #capture({ size, ...capturing }: PageCapture): Promise<void> {
    try {
      await this.recorded.setViewportSize(size);
      await this.recorded.evaluate((title) => {
        document.title = title;
      }, TARGET_TITLE);
      await this.capture.evaluate((asked) => window.capturePage.open(asked), capturing);
    } catch (error) {
      throw new Failure('page_failed', `The page cannot be captured: ${firstLine(error as Error)}`);
    }
  }

  /** Loads a page that may be shown later. That it cannot be had is found out then. */
  async load(url: string): Promise<void> {
    await this.recorded.goto(url).catch(() => {});
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
    this.server.close();
    await rm(this.profileFolder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }

  #watch(page: Page): void {
    page.on('crash', () => {
      if (this.#listeners) this.#listeners.onPageCrashed();
      // A browser that is not used yet is not worth a repair.
      else void this.context.close().catch(() => {});
    });
    page.on('pageerror', (error) => this.#hear(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#hear(message.text());
    });
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
const withoutQueries = (text: string): string => text.replaceAll(/[?#][^\s"]*/g, '');
