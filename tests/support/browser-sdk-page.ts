import type { Browser, BrowserContext, Page } from 'playwright-core';
import {
  type AppPlugin,
  inboundTotal,
  initInPage,
  keepPeerConnections,
  type SdkEvent,
} from './browser-in-page.js';
import { type SocketTrace, traceSockets } from './browser-socket-trace.js';
import { until } from './until.js';

/** How an SDK call ended. The SDK's errors carry a code such as 1201. */
export type SdkOutcome = { ok: true } | { ok: false; code: string | undefined; message: string };

/** A blank page of an app with the unmodified SDK on it. */
export interface SdkPage {
  page: Page;
  context: BrowserContext;
  /** `RealtimeKitClient.init` with devices on unless told otherwise. */
  init(options?: InitOptions): Promise<SdkOutcome>;
  /** `meeting.join()`. */
  join(): Promise<SdkOutcome>;
  /** Runs in the page; `window.meeting` is the client. */
  run<Result, Argument>(
    script: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
  run<Result>(script: () => Result | Promise<Result>): Promise<Result>;
  /** As `run`, and answers whether the call worked. */
  attempt<Argument>(script: (argument: Argument) => unknown, argument?: Argument): Promise<SdkOutcome>;
  events(): Promise<SdkEvent[]>;
  /** Waits for an event after the first `after` ones; details must hold everything of `details`. */
  sawEvent(
    source: SdkEvent['source'],
    name: string,
    details?: Record<string, unknown>,
    after?: number,
  ): Promise<SdkEvent>;
  /** Decoded frames of the camera of a participant (by participant id) since its track began. */
  framesDecoded(participantId: string, source?: 'camera' | 'screen'): Promise<number>;
  /** Sum of the squared, received audio of a participant; grows only while sound arrives. */
  audioEnergy(participantId: string): Promise<number>;
  /** Waits until frames, or sound, of that participant go on arriving from now on. */
  seesVideoOf(participantId: string, source?: 'camera' | 'screen'): Promise<void>;
  hears(participantId: string): Promise<void>;
  peerId(): Promise<string>;
  sessionId(): Promise<string>;
  /** Participant ids of the others in `participants.joined`. */
  joinedIds(): Promise<string[]>;
  /** Console errors and uncaught errors of the page. */
  errors: string[];
  socket: SocketTrace;
  close(): Promise<void>;
}

export interface InitOptions {
  audio?: boolean;
  video?: boolean;
  /** Plugins that the app brings along. */
  plugins?: AppPlugin[];
}

export interface SdkPageOptions {
  token: string;
  baseURI: string;
  /** Address of the app's page. */
  originUrl: string;
}

/** Opens the page in a context of its own, as a person on another computer would. */
export async function sdkPage(browser: Browser, options: SdkPageOptions): Promise<SdkPage> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.addInitScript(keepPeerConnections);
  await page.goto(options.originUrl);

  const run = ((script: (argument: unknown) => unknown, argument?: unknown) =>
    page.evaluate(script, argument)) as SdkPage['run'];

  const attempt: SdkPage['attempt'] = async (script, argument) => {
    try {
      await page.evaluate(
        `(async () => {
          try { await (${script.toString()})(${JSON.stringify(argument) ?? 'undefined'}); }
          catch (error) { throw new Error(JSON.stringify({ code: error?.code, message: String(error?.message ?? error) })); }
        })()`,
      );
      return { ok: true };
    } catch (error) {
      return { ok: false, ...failureOf(error as Error) };
    }
  };

  const events = () => page.evaluate(() => window.sdkEvents);

  const framesDecoded: SdkPage['framesDecoded'] = (participantId, source = 'camera') =>
    page.evaluate(inboundTotal, { participantId, source, field: 'framesDecoded' } as const);
  const audioEnergy: SdkPage['audioEnergy'] = (participantId) =>
    page.evaluate(inboundTotal, { participantId, source: 'microphone', field: 'totalAudioEnergy' } as const);

  return {
    page,
    context,
    errors,
    socket: traceSockets(page),
    run,
    attempt,
    events,
    framesDecoded,
    audioEnergy,
    init: ({ audio = true, video = true, plugins = [] } = {}) =>
      attempt(initInPage, { token: options.token, baseURI: options.baseURI, audio, video, plugins }),
    join: () => attempt(() => window.meeting.join()),
    sawEvent: (source, name, details = {}, after = 0) =>
      until(`the event ${source}.${name} ${JSON.stringify(details)}`, async () =>
        (await events())
          .slice(after)
          .find((event) => event.source === source && event.name === name && holds(event.details, details)),
      ),
    async seesVideoOf(participantId, source = 'camera') {
      const before = await framesDecoded(participantId, source);
      await until(`more ${source} frames of ${participantId}`, async () => {
        const now = await framesDecoded(participantId, source);
        return now >= before + 10 || now < before;
      });
    },
    async hears(participantId) {
      const before = await audioEnergy(participantId);
      await until(`more sound of ${participantId}`, async () => {
        const now = await audioEnergy(participantId);
        return now > before || (now > 0 && now < before);
      });
    },
    peerId: () => run(() => window.meeting.self.id),
    sessionId: () => run(() => window.meeting.meta.sessionId ?? ''),
    joinedIds: () => run(() => window.meeting.participants.joined.toArray().map(({ userId }) => userId)),
    close: () => context.close(),
  };
}

function failureOf(error: Error): { code: string | undefined; message: string } {
  const json = /\{.*\}/s.exec(error.message)?.[0];
  return json ? JSON.parse(json) : { code: undefined, message: error.message };
}

function holds(details: unknown, expected: Record<string, unknown>): boolean {
  return Object.entries(expected).every(
    ([key, value]) => (details as Record<string, unknown> | null)?.[key] === value,
  );
}
