import type { lookup } from 'node:dns';
import { Agent, type Dispatcher } from 'undici';
import type { Clock } from '../clock.js';
import type { WebhookId } from '../ids.js';
import { AddressRefused, guardedConnector } from '../network/address-guard.js';
import { parseRetryAfterMs } from './schedule.js';
import type { WebhookSigner } from './signing.js';
import { isWebhookUrl } from './url.js';

/** From the start of the connection to the end of the answer's body. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** The answer's body is read only so that the connection can be used again; more than this is cut off. */
const RESPONSE_MAX_BYTES = 64 * 1_024;
const ERROR_MAX_CHARS = 300;
const USER_AGENT = 'Parley-Webhooks/1.0';

export interface OutgoingWebhook {
  deliveryId: string;
  webhookId: WebhookId;
  url: string;
  body: string;
}

/** What came of one attempt. `abandoned` means that the server is stopping: the attempt does not count. */
export type Outcome =
  | { kind: 'delivered'; httpStatus: number; durationMs: number }
  | {
      kind: 'retry' | 'failed';
      httpStatus: number | null;
      error: string;
      retryAfterMs: number | null;
      durationMs: number;
    }
  | { kind: 'abandoned' };

export interface SenderOptions {
  signer: WebhookSigner;
  clock: Clock;
  allowPrivate: boolean;
  requestTimeoutMs?: number;
  /** Replaces the system's name resolution. */
  resolve?: typeof lookup;
}

const TIMED_OUT = Symbol('timed out');
const STOPPING = Symbol('stopping');

/** Posts deliveries and judges the answers (features.md WB05-WB11). */
export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #timeoutMs: number;
  readonly #agent: Agent;
  readonly #underWay = new Set<AbortController>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#agent = new Agent({
      connect: guardedConnector({
        ...options,
        setting: 'PARLEY_WEBHOOK_ALLOW_PRIVATE',
        timeoutMs: this.#timeoutMs,
      }),
      // The limit of the whole request below is the only one.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Never rejects for what a receiver does; only for a failure of our own, such as a signing key out of reach. */
  async send(webhook: OutgoingWebhook): Promise<Outcome> {
    const signature = await this.#options.signer.signature(webhook.body);
    if (!isWebhookUrl(webhook.url)) return neverSent('Only http and https URLs are called');
    const startedMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startedMs);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(TIMED_OUT), this.#timeoutMs);
    this.#underWay.add(stop);
    try {
      const answer = await this.#post(webhook, signature, stop.signal);
      await drain(answer.body);
      return this.#judge(answer, durationMs());
    } catch (error) {
      if (stop.signal.reason === STOPPING) return { kind: 'abandoned' };
      const timedOut = stop.signal.reason === TIMED_OUT;
      return {
        kind: error instanceof AddressRefused ? 'failed' : 'retry',
        httpStatus: null,
        error: timedOut ? `No answer within ${this.#timeoutMs} ms` : sentence(error),
        retryAfterMs: null,
        durationMs: durationMs(),
      };
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(stop);
    }
  }

  /** Cuts off the requests that are under way; each `send` answers `abandoned`. */
  abandon(): void {
    for (const stop of this.#underWay) stop.abort(STOPPING);
  }

  async close(): Promise<void> {
    this.abandon();
    await this.#agent.destroy();
  }

  #post(webhook: OutgoingWebhook, signature: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const url = new URL(webhook.url);
    return this.#agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        'rtk-signature': signature,
        'rtk-uuid': webhook.deliveryId,
        'rtk-webhook-id': webhook.webhookId,
        ...authorizationOf(url),
      },
      body: webhook.body,
      signal,
    });
  }

  #judge(answer: Dispatcher.ResponseData, durationMs: number): Outcome {
    const httpStatus = answer.statusCode;
    if (httpStatus >= 200 && httpStatus < 300) return { kind: 'delivered', httpStatus, durationMs };
    const retryAfter = [answer.headers['retry-after']].flat()[0];
    return {
      kind: httpStatus >= 500 || httpStatus === 429 ? 'retry' : 'failed',
      httpStatus,
      error:
        httpStatus < 400 ? `Answered ${httpStatus}; redirects are not followed` : `Answered ${httpStatus}`,
      retryAfterMs: parseRetryAfterMs(retryAfter, this.#options.clock.now()),
      durationMs,
    };
  }
}

/** A delivery that fails for good without a request. */
export function neverSent(error: string): Outcome {
  return { kind: 'failed', httpStatus: null, error, retryAfterMs: null, durationMs: 0 };
}

/** User and password of a URL go where receivers look for them (RFC 7617). */
function authorizationOf({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {};
  const pair = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** A lone `%` in a password stays as it is. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The status has decided already, so a body that breaks off, runs on or never ends changes nothing. */
async function drain(body: Dispatcher.ResponseData['body']): Promise<void> {
  let receivedBytes = 0;
  try {
    for await (const chunk of body) {
      receivedBytes += (chunk as Buffer).length;
      if (receivedBytes > RESPONSE_MAX_BYTES) return;
    }
  } catch {
    // Nothing of the body is used.
  }
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, ERROR_MAX_CHARS);
  // A host with several addresses fails with one error for each; the first one says enough.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { message, code } = (first ?? error) as Error & { code?: string };
  const text = code && !message.includes(code) ? `${code}: ${message}` : message;
  return text.slice(0, ERROR_MAX_CHARS);
}
