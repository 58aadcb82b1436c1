import type { BACKEND, LivestreamChange, NewLivestream } from '@parley/core';
import type { LivestreamSessionId, MeetingId, ParticipantId } from '../ids.js';

/** Who asks: a backend, or somebody in the session with his own token. */
export type LivestreamCaller = typeof BACKEND | ParticipantId;

/** The live sessions that livestreams belong to; every method answers after its change is committed. */
export interface LivestreamedSessions {
  /**
   * Changes nothing. Throws ApiError: 404 without a session, 403 without `can_livestream`, 409 while another
   * livestream runs.
   */
  check(meetingId: MeetingId, by: LivestreamCaller): Promise<void>;

  /** Throws as `check` does. */
  start(meetingId: MeetingId, by: LivestreamCaller, livestream: NewLivestream): Promise<void>;

  /** Throws ApiError: 404 without a session or a livestream in it, 403 without `can_livestream`. */
  stop(meetingId: MeetingId, by: LivestreamCaller): Promise<void>;

  /** What a recorder reports; answers as for recordings. */
  follow(
    meetingId: MeetingId,
    id: LivestreamSessionId,
    change: LivestreamChange,
  ): Promise<'done' | 'unfit' | 'later'>;
}
