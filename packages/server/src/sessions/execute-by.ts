import { BACKEND, type Command } from '@parley/core';
import { ApiError } from '../http/errors.js';
import type { MeetingId, ParticipantId } from '../ids.js';
import type { LiveMeetings } from './live-meetings.js';
import type { MeetingHost } from './meeting-host.js';
import { Refused, type RefusedCode } from './refused.js';

const STATUSES: Partial<Record<RefusedCode, 403 | 404 | 409 | 503>> = {
  permission_denied: 403,
  not_joined: 403,
  no_session: 404,
  recording_in_progress: 409,
  recording_state: 409,
  recording_unknown: 409,
  too_many_recordings: 409,
  livestream_in_progress: 409,
  livestream_unknown: 404,
  not_saved: 503,
  gone: 503,
};

/**
 * Carries out what a backend, or a participant over HTTP, wants of a live session. Throws ApiError: 404 without a session,
 * else by what the rules say.
 */
export async function executeBy(
  meetings: LiveMeetings,
  meetingId: MeetingId,
  by: typeof BACKEND | ParticipantId,
  command: (actor: string | typeof BACKEND) => Command,
): Promise<void> {
  const host = await meetings.find(meetingId);
  if (!host?.state.session) {
    throw new ApiError(404, `No active session found for meeting_id ${meetingId}`);
  }
  try {
    await host.execute(command(by === BACKEND ? BACKEND : peerOf(host, by)));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new ApiError(STATUSES[error.code] ?? 400, error.message, undefined, error.code);
  }
}

/** Any peer of the participant: what hosts have changed holds for all of them. A stranger gives the rules nobody. */
function peerOf(host: MeetingHost, participantId: ParticipantId): string {
  for (const peer of host.state.session?.peers.values() ?? []) {
    if (peer.participantId === participantId) return peer.peerId;
  }
  return '';
}

/**
 * Carries out what a recorder reports. A change that does not fit any more, by one of these refusals, is `unfit`; one that
 * could not be saved may be tried again `later`.
 */
export async function executeReport(
  meetings: LiveMeetings,
  meetingId: MeetingId,
  command: Command,
  unfit: readonly RefusedCode[],
): Promise<'done' | 'unfit' | 'later'> {
  const host = await meetings.find(meetingId);
  if (!host) return 'later';
  try {
    await host.execute(command);
    return 'done';
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return unfit.includes(error.code) ? 'unfit' : 'later';
  }
}
