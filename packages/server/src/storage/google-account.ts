import { createPrivateKey } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { SignJWT } from 'jose';
import { Agent, type Dispatcher } from 'undici';
import { z } from 'zod';
import { type AddressRule, guardedConnector } from '../network/address-guard.js';
import type { ServiceAccountKey } from './config.js';
import { StorageError } from './errors.js';
import { CONNECT_TIMEOUT_MS } from './target.js';

const TOKEN_URI = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write';
/** RFC 7523: who holds the key of the account asks for a token in its name. */
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_LIFETIME = '10m';
const REQUEST_TIMEOUT_MS = 30_000;
const ANSWER_MAX_BYTES = 64 * 1024;
/** A token that ends sooner is not begun with: the longest part has to be through before. */
const RENEW_BEFORE_END_MS = 5 * 60_000;

const tokenAnswer = z.object({ access_token: z.string(), expires_in: z.number().optional() });
const errorAnswer = z.object({ error: z.string().regex(/^\w{1,60}$/) });

type Headers = Record<string, string>;

/**
 * Lets an S3 client speak to Google Cloud Storage in the name of a service account. Google's XML API is that of S3
 * where the requests carry an access token in place of a signature, and headers begin with `x-goog-`.
 */
export class GoogleAccount {
  readonly #key: ServiceAccountKey;
  readonly #agent: Agent;
  #token: { text: string; endsAtMs: number } | null = null;

  constructor(key: ServiceAccountKey, rule: AddressRule) {
    this.#key = key;
    this.#agent = new Agent({ connect: guardedConnector({ ...rule, timeoutMs: CONNECT_TIMEOUT_MS }) });
  }

  /** In the place of the client's own signer. */
  async sign<R extends { headers: Headers }>(request: R): Promise<R> {
    const headers: Headers = { authorization: `Bearer ${await this.#accessToken()}` };
    for (const [name, value] of Object.entries(request.headers)) {
      if (name.startsWith('x-amz-meta-')) headers[name.replace('x-amz-', 'x-goog-')] = value;
      else if (!/^(x-amz-|amz-sdk-)/.test(name)) headers[name] = value;
    }
    request.headers = headers;
    return request;
  }

  /** Gives an object's own metadata the names that the client looks for. */
  renameAnswers(client: S3Client): void {
    client.middlewareStack.add(
      (next) => async (request) => {
        const result = await next(request);
        const { headers } = result.response as { headers: Headers };
        for (const [name, value] of Object.entries(headers)) {
          if (name.startsWith('x-goog-meta-')) headers[name.replace('x-goog-', 'x-amz-')] = value;
        }
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'renameAnswers' },
    );
  }

  close(): void {
    void this.#agent.destroy();
  }

  async #accessToken(): Promise<string> {
    if (!this.#token || this.#token.endsAtMs - RENEW_BEFORE_END_MS < Date.now()) {
      this.#token = await this.#fetchToken();
    }
    return this.#token.text;
  }

  /** Throws StorageError. */
  async #fetchToken(): Promise<{ text: string; endsAtMs: number }> {
    const { origin, pathname, search, href } = new URL(this.#key.token_uri ?? TOKEN_URI);
    const answer = await this.#agent.request({
      origin,
      path: pathname + search,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: GRANT, assertion: await this.#assertion(href) }).toString(),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const body = await readJson(answer.body);
    const token = tokenAnswer.safeParse(body);
    if (answer.statusCode === 200 && token.success) {
      const { access_token: text, expires_in: lifetimeSeconds = 0 } = token.data;
      return { text, endsAtMs: Date.now() + lifetimeSeconds * 1000 };
    }
    const reason = errorAnswer.safeParse(body).data?.error ?? answer.statusCode;
    if (answer.statusCode === 400 || answer.statusCode === 401 || answer.statusCode === 403) {
      throw new StorageError('refused', `Google refused the service account (${reason})`);
    }
    throw new StorageError('retryable', `Google gave no token for the service account (${reason})`);
  }

  #assertion(audience: string): Promise<string> {
    const { client_email, private_key, private_key_id } = this.#key;
    return new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(private_key_id && { kid: private_key_id }) })
      .setIssuer(client_email)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(ASSERTION_LIFETIME)
      .sign(createPrivateKey(private_key));
  }
}

/** Undefined for what is no JSON, or too long for a token. */
async function readJson(body: Dispatcher.ResponseData['body']): Promise<unknown> {
  let text = '';
  for await (const chunk of body) {
    text += (chunk as Buffer).toString('latin1');
    if (text.length > ANSWER_MAX_BYTES) return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
