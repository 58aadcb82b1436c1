/** Bounds of one worker. What a client can make grow ends at one of these, with a failure of code `limit`. */

/** A description of 256 m-lines with every codec of Chromium stays below this. */
export const MAX_SDP_BYTES = 1024 * 1024;

/** Parsing costs about 4 microseconds for a line that matches nothing, so this bounds a request to about 100 ms. */
export const MAX_SDP_LINES = 24_000;

/**
 * M-lines of one transport. They are never taken out of a description: a send connection gains two with each
 * screen share, a recv connection as many as were ever consumed at the same time.
 */
export const MAX_MEDIA_SECTIONS = 256;

/** Tracks that one peer sends at the same time; the SDK uses four (camera, microphone, screen, its sound). */
export const MAX_PRODUCERS_PER_TRANSPORT = 16;

/** Producers asked for in one consume request; the SDK asks for at most 35 (protocol.md 6.5). */
export const MAX_CONSUMES_PER_REQUEST = 128;

/** Simulcast layers of one track; the SDK uses three. */
export const MAX_SIMULCAST_LAYERS = 4;

/** Transports of one worker. One is about 100 KB without media. */
export const MAX_TRANSPORTS = 4_000;

/** The client gives up on ICE 30 s after it made the connection (protocol.md 6.1), so later is too late. */
export const CONNECT_LIMIT_MS = 35_000;

/** From the first ICE check to the end of the DTLS handshake; the engine has no limit of its own. */
export const HANDSHAKE_LIMIT_MS = 12_000;

/** Peers named in one ranking of speakers. */
export const MAX_RANKED_SPEAKERS = 32;

/** Producers of one worker that are written to files at the same time. */
export const MAX_TAPS = 500;

/** Frames of one tap that wait for the disk: some minutes of sound. */
export const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/** How long the files of taps may take to be completed once the server is gone. */
export const TAPS_CLOSE_LIMIT_MS = 5_000;

/** The media thread answers within milliseconds; after this the process is ended and replaced. */
export const MEDIA_THREAD_LIMIT_MS = 10_000;
