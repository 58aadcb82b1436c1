/** What encoders, and those who only look like some, may take. */
export interface IngestLimits {
  /** Encoders that may send at a time. */
  encodersMax: number;
  /** Connections that have not shown a key yet: of everybody, and of one address. */
  unknownMax: number;
  unknownPerAddressMax: number;
  /** Until then a connection has shown its key. */
  keyWithinMs: number;
  /** One that has ended without a good key keeps its place for so long, so that keys are not asked about at any rate. */
  unknownRestMs: number;
  /** An encoder that sends nothing for so long is gone. */
  silenceMaxMs: number;
  /** Measured over `RATE_WINDOW_MS`. */
  rateMaxBytesPerSecond: number;
  /** A stream whose key frames are further apart than this cannot be cut into segments. */
  stalledAfterMs: number;
}

export const INGEST_LIMITS: IngestLimits = {
  encodersMax: 32,
  unknownMax: 64,
  unknownPerAddressMax: 8,
  keyWithinMs: 10_000,
  unknownRestMs: 250,
  silenceMaxMs: 15_000,
  // 48 Mbit/s, several times what encoders send.
  rateMaxBytesPerSecond: 6_000_000,
  stalledAfterMs: 30_000,
};

export const RATE_WINDOW_MS = 10_000;
/** What may wait for somebody who sends and does not read. */
export const UNREAD_MAX_BYTES = 64 * 1024;
/** Time of an ffmpeg to finish what it has, and of a connection to hear why it ends. */
export const FINISH_WITHIN_MS = 3_000;
