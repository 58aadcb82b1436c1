import { TokenBucket } from 'limiter';

/** `requests` at once, and as many again spread over `windowMs`; 0 means without a limit. */
export interface RequestLimit {
  requests: number;
  windowMs: number;
}

/** Callers whose use is remembered; one that is forgotten has not asked for longest, and begins anew. */
const CALLERS_MAX = 10_000;

/** Counts the requests of each caller against one limit. */
export class RequestLimits {
  /** The caller that asked last is the last. */
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(private readonly limit: RequestLimit) {}

  /** Counts a request; answers 0, or after how many milliseconds it may be repeated. One that is refused does not count. */
  take(caller: string): number {
    if (this.limit.requests === 0) return 0;
    const bucket = this.#bucketOf(caller);
    return bucket.tryRemoveTokens(1) ? 0 : Math.max(1, bucket.getWaitTime(1));
  }

  #bucketOf(caller: string): TokenBucket {
    const bucket = this.#buckets.get(caller) ?? this.#fullBucket();
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > CALLERS_MAX) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    return bucket;
  }

  #fullBucket(): TokenBucket {
    const { requests, windowMs } = this.limit;
    const bucket = new TokenBucket({ bucketSize: requests, tokensPerInterval: requests, interval: windowMs });
    bucket.content = requests;
    return bucket;
  }
}
