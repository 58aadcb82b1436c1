/** Bounds of a session's state. Every list, text and map that a client can fill has one here. */

/** Late joiners get at most so many messages at once (features.md H10). */
export const CHAT_HISTORY_MESSAGES = 1000;
/** The SDK's own limit is 2,000 characters and an app may raise it (features.md H12). */
export const CHAT_TEXT_MAX_CHARACTERS = 10_000;
/** Image links, file descriptions and custom messages. */
export const CHAT_PAYLOAD_MAX_CHARACTERS = 32_768;
export const CHAT_TARGETS_MAX = 1000;

export const POLLS_MAX = 500;
export const POLL_QUESTION_MAX_CHARACTERS = 2000;
export const POLL_OPTIONS_MAX = 50;
export const POLL_OPTION_MAX_CHARACTERS = 500;

export const STORES_MAX = 100;
export const STORE_NAME_MAX_CHARACTERS = 256;
export const STORE_KEYS_MAX = 5000;
export const STORE_KEY_MAX_CHARACTERS = 512;
export const STORE_VALUE_MAX_CHARACTERS = 65_536;
export const STORES_MAX_BYTES = 16 * 1024 * 1024;

export const BROADCAST_TYPE_MAX_CHARACTERS = 256;
export const BROADCAST_PAYLOAD_MAX_BYTES = 65_536;

export const DISPLAY_NAME_MAX_CHARACTERS = 256;
/** Microphone, camera, screen and its sound, with room for a client that replaces one before it closes it. */
export const PRODUCERS_PER_PEER_MAX = 8;
export const WAITING_MAX = 1000;
/** Speakers ranked and told to clients; more are never audible at once (protocol.md 6.8). */
export const SPEAKERS_MAX = 12;
