import type { MiddlewareHandler } from 'hono';
import { RateLimitedError } from '../http/errors.js';
import { RequestLimits } from '../http/request-limits.js';
import type { AppScope } from './router.js';

const ALL_WINDOW_MS = 5 * 60_000;
const RECORDINGS_WINDOW_MS = 50_000;
const RECORDINGS_PATH = /\/recordings(\/|$)/;

export interface ApiLimits {
  apiRequestsPer5Minutes: number;
  recordingRequestsPer50Seconds: number;
}

/**
 * Bounds the requests of each API token (features.md N01): all of them together, and those about recordings. Stands
 * behind the check of the token, so that nobody can use up what belongs to another, or fill the memory with names.
 */
export function limitRequests(limits: ApiLimits): MiddlewareHandler<AppScope> {
  const all = new RequestLimits({ requests: limits.apiRequestsPer5Minutes, windowMs: ALL_WINDOW_MS });
  const recordings = new RequestLimits({
    requests: limits.recordingRequestsPer50Seconds,
    windowMs: RECORDINGS_WINDOW_MS,
  });
  return async (c, next) => {
    const isRecording = RECORDINGS_PATH.test(c.req.path);
    const waitMs = (isRecording && recordings.take(c.var.tokenId)) || all.take(c.var.tokenId);
    if (waitMs > 0) {
      throw new RateLimitedError('Too many requests with this token, try again later', waitMs);
    }
    await next();
  };
}
