import { integer } from '../parsers.js';
import type { Rows } from '../setting.js';

const KIB = 1024;

/** How much clients and backends may ask for, and for how long they may take. */
export const LIMITS = {
  maxConnections: {
    env: 'PARLEY_MAX_CONNECTIONS',
    default: 20_000,
    parse: integer(10, 1_000_000),
    reason:
      'Most connections of each port, sockets of participants included; further ones are closed at once.',
  },
  reconnectGraceMs: {
    env: 'PARLEY_RECONNECT_GRACE_MS',
    default: 30_000,
    parse: integer(1_000, 600_000),
    reason:
      'How long a peer whose connection broke keeps its place in the session and its media, before the others are told that it left.',
  },
  apiRequestsPer5Minutes: {
    env: 'PARLEY_API_REQUESTS_PER_5_MINUTES',
    default: 350_000,
    parse: integer(0, 1_000_000_000),
    reason:
      'Requests of one API token to the management API, at once or spread over five minutes; further ones are answered with 429. The default only stops what runs wild; the live service allows 3,500. 0 means no limit.',
  },
  recordingRequestsPer50Seconds: {
    env: 'PARLEY_RECORDING_REQUESTS_PER_50_SECONDS',
    default: 100_000,
    parse: integer(0, 1_000_000_000),
    reason: 'The same for requests about recordings; the live service allows 1,000.',
  },
  maxBodyBytes: {
    env: 'PARLEY_MAX_BODY_BYTES',
    default: 1024 * KIB,
    parse: integer(KIB, 64 * 1024 * KIB),
    reason: 'Largest body of a request; a larger one is answered with 413.',
  },
  maxHeaderBytes: {
    env: 'PARLEY_MAX_HEADER_BYTES',
    default: 16 * KIB,
    parse: integer(4 * KIB, 64 * KIB),
    reason: 'Largest sum of the headers of a request; a larger one is answered with 431.',
  },
  headersTimeoutMs: {
    env: 'PARLEY_HEADERS_TIMEOUT_MS',
    default: 10_000,
    parse: integer(1000, 120_000),
    reason:
      'Time that a client may take to send the headers of a request, against clients that send slowly on purpose.',
  },
  requestTimeoutMs: {
    env: 'PARLEY_REQUEST_TIMEOUT_MS',
    default: 30_000,
    parse: integer(1000, 600_000),
    reason: 'Time that a client may take to send a whole request.',
  },
} satisfies Partial<Rows>;
