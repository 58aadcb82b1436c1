import type { MiddlewareHandler } from 'hono';
import { ApiError } from './errors.js';

/** No real body of this API nests deeper than eight; the bound keeps later readers off the stack's end. */
export const JSON_DEPTH_MAX = 32;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/** Refuses bodies above `maxBytes` before they are read, or at the byte that goes over when no length is sent. */
export const limitBody =
  (maxBytes: number): MiddlewareHandler =>
  async (c, next) => {
    const length = c.req.header('content-length');
    if (length !== undefined && Number(length) > maxBytes) throw tooLarge(maxBytes);
    // A request that announces neither a length nor chunks has no body (RFC 9112, 6.3).
    if (c.req.header('transfer-encoding') !== undefined && c.req.raw.body) {
      const body = await whole(readBounded(c.req.raw.body, maxBytes));
      const { method, url, headers } = c.req.raw;
      // A Request of these methods cannot be made with a body.
      const hasBody = method !== 'GET' && method !== 'HEAD';
      c.req.raw = new Request(url, { method, headers, body: hasBody ? body : null });
    }
    await next();
  };

async function readBounded(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.buffer;
}

const tooLarge = (maxBytes: number) =>
  new ApiError(413, `BAD_REQUEST: "body" must not be larger than ${maxBytes} bytes`, 'body');

/**
 * Refuses JSON that does not parse, and JSON that no field could hold: text that Postgres cannot store, keys that
 * reach a prototype, and nesting without end. Schemas then look only at the fields.
 */
export const requireStorableJson: MiddlewareHandler = async (c, next) => {
  const contentType = c.req.header('content-type');
  if (contentType && JSON_TYPE.test(contentType)) {
    const text = await whole(c.req.text());
    if (text !== '') {
      const problem = storabilityProblem(parse(text));
      if (problem) throw ApiError.badRequest(problem.field, problem.reason);
    }
  }
  await next();
};

/** A client that hangs up in the middle of its body is no failure of the server's. */
async function whole<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw ApiError.badRequest('body', 'was not sent completely');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw ApiError.badRequest('body', 'must be valid JSON');
  }
}

interface StorabilityProblem {
  field: string;
  reason: string;
}

/** The first text, key or depth in a parsed JSON value that cannot be stored. */
export function storabilityProblem(value: unknown, field = '', depth = 0): StorabilityProblem | undefined {
  if (typeof value === 'string') return isStorableText(value) ? undefined : unstorable(field);
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= JSON_DEPTH_MAX) {
    return { field: 'body', reason: `must not be nested deeper than ${JSON_DEPTH_MAX} levels` };
  }
  for (const [key, child] of Object.entries(value)) {
    const path = Array.isArray(value) ? `${field}[${key}]` : field === '' ? key : `${field}.${key}`;
    if (key === '__proto__') return { field: path, reason: 'is not allowed' };
    const problem = isStorableText(key)
      ? storabilityProblem(child, path, depth + 1)
      : unstorable(field || 'body');
    if (problem) return problem;
  }
  return undefined;
}

const unstorable = (field: string): StorabilityProblem => ({
  field: field || 'body',
  reason: 'must not contain NUL characters or lone surrogates',
});

/** Postgres refuses U+0000 in text and lone surrogates in JSON. */
export const isStorableText = (text: string): boolean =>
  !text.includes('\u0000') && !LONE_SURROGATE.test(text);

const LONE_SURROGATE = /\p{Surrogate}/u;
