/**
 * The one error type of every HTTP surface. `status` becomes the HTTP status and `error.code` of the body
 * (features.md K23, RE02); `message` is shown to the caller as it is.
 */
export class ApiError extends Error {
  constructor(
    readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422 | 429 | 500 | 503,
    message: string,
    /** Path of the field that was wrong, e.g. `config.view_type`. */
    readonly field?: string,
    /** A stable word for programs, e.g. `token_expired`; added to the body as `error.reason`. */
    readonly reason?: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  /** Joi-like sentence of the live service (rest-api.md 0.5). */
  static badRequest(field: string, reason: string): ApiError {
    return new ApiError(400, `BAD_REQUEST: "${field}" ${reason}`, field);
  }

  static notFound(what: string, id: string): ApiError {
    return new ApiError(404, `No ${what} found with id ${id}`);
  }
}

/**
 * A refusal by what stands before RealtimeKit at Cloudflare: bad credentials or a missing permission. Readers of
 * the gateway's own form look for its number in `errors[]` (features.md RE02, OQ20).
 */
export class GatewayError extends ApiError {
  static readonly AUTHENTICATION_ERROR = 10000;

  constructor(
    status: 401 | 403,
    message: string,
    readonly gatewayCode: number = GatewayError.AUTHENTICATION_ERROR,
  ) {
    super(status, message);
    this.name = 'GatewayError';
  }
}

/** Something that this installation cannot do at all; asking again is of no use. */
export class NotAvailableError extends ApiError {
  constructor(message: string) {
    super(503, message, undefined, 'not_available');
    this.name = 'NotAvailableError';
  }
}

/** One request too many; the official clients repeat it by themselves after the time that the answer asks for. */
export class RateLimitedError extends ApiError {
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(429, message, undefined, 'rate_limited');
    this.name = 'RateLimitedError';
  }
}
