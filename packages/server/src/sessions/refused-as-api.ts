import { ApiError } from '../http/errors.js';
import type { MeetingId } from '../ids.js';
import { ifAnybodyIsThere, Refused } from './refused.js';

/** What the backend is told when a live session turns its call down. */

export const noActiveSession = (meetingId: MeetingId) =>
  new ApiError(404, `No active session found for meeting_id ${meetingId}`);

/** The session may have ended since it was looked up. */
export async function asApi(meetingId: MeetingId, execution: Promise<void>): Promise<void> {
  try {
    await execution;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw error.code === 'no_session' ? noActiveSession(meetingId) : apiErrorOf(error);
  }
}

/** For what is done to people, who have gone themselves when the session has ended since they were looked up. */
export async function unlessOver(execution: Promise<void>): Promise<void> {
  try {
    await execution;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.code !== 'no_session') throw apiErrorOf(error);
  }
}

/** For what has to happen only if anybody is there. */
export async function ifAnybody(execution: Promise<void>): Promise<void> {
  try {
    await ifAnybodyIsThere(execution);
  } catch (error) {
    throw error instanceof Refused ? apiErrorOf(error) : error;
  }
}

function apiErrorOf({ code, message }: Refused): ApiError {
  const mayWorkLater = code === 'not_saved' || code === 'gone';
  return new ApiError(mayWorkLater ? 503 : 400, message, undefined, code);
}
