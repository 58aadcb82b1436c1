/**
 * RealtimeKit's socket protocol: event numbers by name, the messages that belong to them, the frame envelope.
 * Pure; runs in Node and in browsers. Messages are grouped as RealtimeKit groups them: `room.Peer`,
 * `edge.ProducerCreateRequest`, `chat.ChatMessage`.
 */
export * from './connection.js';
export * from './errors.js';
export * from './events.js';
export * from './frame.js';
export * as common from './generated/common.js';
export * as edge from './generated/media/edge.js';
export * as media from './generated/media.js';
export * as ai from './generated/socket/ai.js';
export * as api from './generated/socket/api.js';
export * as chat from './generated/socket/chat.js';
export * as livestreaming from './generated/socket/livestreaming.js';
export * as plugin from './generated/socket/plugin.js';
export * as polls from './generated/socket/polls.js';
export * as preset from './generated/socket/preset.js';
export * as recording from './generated/socket/recording.js';
export * as room from './generated/socket/room.js';
export * from './payloads.js';
