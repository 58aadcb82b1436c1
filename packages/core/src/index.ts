/**
 * The rules of a live session, without I/O, clock or randomness: `decide` turns a command into events, `apply`
 * folds an event into the state, `view` says what has to be told and done because of it.
 */
export { apply, countsAsParticipant } from './apply.js';
export {
  type Actor,
  BACKEND,
  type Command,
  type Move,
  type MutableMedia,
  type NewLivestream,
  type NewRecording,
} from './commands.js';
export { decide } from './decide.js';
export type { Decision } from './decision.js';
export {
  type DurableEvent,
  type EndReason,
  isDurable,
  type LeaveReason,
  type MovedTo,
  type SessionEvent,
} from './events.js';
export {
  CHAT_HISTORY_MAX_CHARACTERS,
  CHAT_HISTORY_MESSAGES,
  MOVES_MAX,
  ROOMS_MAX,
  SESSION_PEERS_MAX,
  TRANSCRIPT_MAX_CHARACTERS,
} from './limits.js';
export * from './livestream.js';
export type * from './preset.js';
export * from './recording.js';
export { REFUSALS, type RefusalCode } from './refusals.js';
export {
  hasRoomRights,
  isRoomTitle,
  mayAlterRooms,
  mayEndEverywhere,
  mayMove,
} from './rules/connected-meetings.js';
export { nextLivestreamStop } from './rules/livestream.js';
export { peerCountDueAt } from './rules/peer-count.js';
export { mayConnectMedia } from './rules/producing.js';
export { nextRecordingStop } from './rules/recording.js';
export { isOver, sessionEndsAt, timeKeepingDueAt } from './rules/time-limit.js';
export { isVisible } from './rules/visibility.js';
export * from './state.js';
export { isStorable, tidy } from './text.js';
export * as answers from './views/answers.js';
export type { Effect, MessageEffect } from './views/effects.js';
export { stageRequests, waitingRequests } from './views/peers.js';
export { patchFromWire } from './views/permissions.js';
export { view } from './views/view.js';
