/** Encoders that may send at a time. */
export const ENCODERS_MAX = 32;
/** Connections that have not shown a key yet: of everybody, and of one address. */
export const UNKNOWN_MAX = 8;
export const UNKNOWN_PER_ADDRESS_MAX = 2;
/** Until then a connection has shown its key. */
export const KEY_WITHIN_MS = 10_000;
/** An encoder that sends nothing for so long is gone. */
export const SILENCE_MAX_MS = 15_000;
/** 48 Mbit/s, several times what encoders send; measured over `RATE_WINDOW_MS`. */
export const RATE_MAX_BYTES_PER_SECOND = 6_000_000;
export const RATE_WINDOW_MS = 10_000;
/** A stream whose key frames are further apart than this cannot be cut into segments. */
export const STALLED_AFTER_MS = 30_000;
/** Time of an ffmpeg to finish what it has. */
export const FINISH_WITHIN_MS = 3_000;
