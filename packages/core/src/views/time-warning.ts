import { RoomEvent } from '@parley/wire';
import type { Timestamp } from '../state.js';
import { type MessageEffect, message } from './effects.js';

/** The type of the warning among the broadcast messages; clients cannot send it. */
const TIME_LIMIT = 'parley.timeLimit';

const encoder = new TextEncoder();

/**
 * Says when the session will end, in the form of a broadcast message: the SDK's `broadcastedMessage` event carries
 * `{endsAt: <ISO 8601>, secondsLeft: <number>}`, or null twice when a limit that was announced is gone.
 */
export function timeWarning(to: readonly string[], endsAt: Timestamp | null, now: Timestamp): MessageEffect {
  const content =
    endsAt === null
      ? { endsAt: null, secondsLeft: null }
      : { endsAt: new Date(endsAt).toISOString(), secondsLeft: Math.round((endsAt - now) / 1000) };
  const payload = encoder.encode(JSON.stringify(content));
  return message(to, RoomEvent.broadcastMessage, { type: TIME_LIMIT, payload, timestamp: now, ids: [] });
}
