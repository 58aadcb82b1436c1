import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { ApiError, GatewayError, RateLimitedError } from './errors.js';
import { isDatabaseOutage } from './outages.js';

/** After how many seconds a client should try again when the database is away. */
const OUTAGE_RETRY_AFTER_SECONDS = '1';

/**
 * The management API's form: RealtimeKit's `error` object, and beside it the `errors[]` that Cloudflare's own
 * clients read (features.md K23, RE02).
 */
export function renderManagementError(error: unknown, c: Context, log: Logger): Response {
  const known = asApiError(error, c, log);
  const { status, message, field } = known;
  const code = known instanceof GatewayError ? known.gatewayCode : status;
  const body = {
    success: false,
    error: errorObject(known),
    errors: [{ code, message, ...(field !== undefined && { source: { pointer: field } }) }],
  };
  return c.json(body, status, headersOf(known));
}

/** The client API's form. The SDK looks only at the status (rest-api.md 3.2); the body is for people. */
export function renderClientError(error: unknown, c: Context, log: Logger): Response {
  const known = asApiError(error, c, log);
  return c.json({ success: false, error: errorObject(known) }, known.status, headersOf(known));
}

const errorObject = ({ status, message, reason }: ApiError) => ({
  code: status,
  message,
  ...(reason !== undefined && { reason }),
});

/** Official clients repeat 409 and 5xx by themselves unless told not to (rest-api.md 0.3). */
function headersOf(error: ApiError): Record<string, string> {
  const { status, reason } = error;
  if (error instanceof RateLimitedError) {
    const { retryAfterMs } = error;
    // In whole seconds for everybody, and exactly for the official clients, which look at this one first.
    return { 'retry-after': String(Math.ceil(retryAfterMs / 1000)), 'retry-after-ms': String(retryAfterMs) };
  }
  if (status === 409 || reason === 'not_available') return { 'x-should-retry': 'false' };
  if (status === 503) return { 'retry-after': OUTAGE_RETRY_AFTER_SECONDS };
  if (status === 401) return { 'www-authenticate': 'Bearer' };
  return {};
}

const REFUSALS_OF_THE_ROUTER: Record<number, ApiError> = {
  400: ApiError.badRequest('body', 'must be valid JSON'),
  415: new ApiError(415, 'BAD_REQUEST: "content-type" must be application/json', 'content-type'),
};

/** Whatever is not an expected refusal is logged under an id that the caller sees. */
function asApiError(error: unknown, c: Context, log: Logger): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof HTTPException) {
    const refusal = REFUSALS_OF_THE_ROUTER[error.status];
    if (refusal) return refusal;
  }
  const failureId = randomUUID();
  const request = { failureId, method: c.req.method, path: c.req.path };
  if (isDatabaseOutage(error)) {
    log.error({ ...request, error: String(error) }, 'A request failed because the database is away');
    return new ApiError(503, `The database cannot be reached, try again (failure ${failureId})`);
  }
  log.error({ ...request, err: error }, 'A request failed');
  return new ApiError(500, `Internal error (failure ${failureId})`);
}
