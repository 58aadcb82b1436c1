/**
 * Bounds of a session's state. Every list, text and map that a client can fill has one here. Whole lists go into
 * one frame for a late joiner, so each of them stays under the largest frame of the wire.
 */

/** Peers in one session, whether their sockets are up or not. */
export const SESSION_PEERS_MAX = 10_000;
export const WAITING_MAX = 1000;
export const DISPLAY_NAME_MAX_CHARACTERS = 256;

/** Late joiners get at most so many messages at once (features.md H10). */
export const CHAT_HISTORY_MESSAGES = 1000;
/** Texts and target ids of these messages together. */
export const CHAT_HISTORY_MAX_CHARACTERS = 4 * 1024 * 1024;
/** The SDK's own limit is 2,000 characters and an app may raise it (features.md H12). */
export const CHAT_TEXT_MAX_CHARACTERS = 10_000;
/** Image links, file descriptions and custom messages. */
export const CHAT_PAYLOAD_MAX_CHARACTERS = 32_768;
export const CHAT_TARGETS_MAX = 1000;

export const POLLS_MAX = 100;
export const POLL_QUESTION_MAX_CHARACTERS = 2000;
export const POLL_OPTIONS_MAX = 50;
export const POLL_OPTION_MAX_CHARACTERS = 500;

export const STORES_MAX = 100;
export const STORE_NAME_MAX_CHARACTERS = 256;
export const STORE_KEYS_MAX = 5000;
export const STORE_KEY_MAX_CHARACTERS = 512;
export const STORE_VALUE_MAX_CHARACTERS = 65_536;
/** Keys and values of all stores together. */
export const STORES_MAX_BYTES = 8 * 1024 * 1024;

/** Connected meetings of one meeting that are open at a time. */
export const ROOMS_MAX = 100;
export const ROOM_TITLE_MAX_CHARACTERS = 256;
/** Participants in one request to move. */
export const MOVES_MAX = 1000;

export const TRANSCRIPT_MAX_CHARACTERS = 2000;

export const BROADCAST_TYPE_MAX_CHARACTERS = 256;
export const BROADCAST_PAYLOAD_MAX_BYTES = 65_536;

/** Recordings of one session that run at once. */
export const RECORDINGS_MAX = 10;
/** Timed metadata of one recording: messages, bytes of one of them, and bytes of all together (features.md RC40). */
export const RECORDING_CUES_MAX = 10_000;
export const RECORDING_CUE_MAX_BYTES = 16_384;
export const RECORDING_CUES_MAX_BYTES = 8 * 1024 * 1024;

/** Microphone, camera, screen and its sound, with room for a client that replaces one before it closes it. */
export const PRODUCERS_PER_PEER_MAX = 8;
/** The SDK's application data has under 100 characters; the others' clients parse it (protocol.md 6.2). */
export const APP_DATA_MAX_CHARACTERS = 4096;
export const MIME_TYPE_MAX_CHARACTERS = 100;
/** Speakers ranked and told to clients; more are never audible at once (protocol.md 6.8). */
export const SPEAKERS_MAX = 12;
