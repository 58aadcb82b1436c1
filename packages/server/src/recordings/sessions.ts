import type { BACKEND, NewRecording, RecordingChange } from '@parley/core';
import type { MeetingId, ParticipantId, RecordingId } from '../ids.js';

/** Who asks: a backend, or somebody in the session with his own token (features.md RC13). */
export type RecordingCaller = typeof BACKEND | ParticipantId;

/** The live sessions that recordings belong to; every method answers after its change is committed. */
export interface RecordedSessions {
  /**
   * Throws ApiError: 404 without a session, 403 without `can_record`, 409 while another recording runs, which the
   * SDK knows as its error 1005 (features.md RC09).
   */
  start(
    meetingId: MeetingId,
    by: RecordingCaller,
    recording: NewRecording,
    allowMultiple: boolean,
  ): Promise<void>;

  /** Throws ApiError as above; 409 when the recording is in a state that does not fit. */
  control(
    meetingId: MeetingId,
    by: RecordingCaller,
    recordingId: RecordingId,
    action: 'stop' | 'pause' | 'resume',
  ): Promise<void>;

  /**
   * What a recorder reports. A change that the session does not take any more is `unfit`; one that could not be saved
   * may be tried again `later`.
   */
  follow(
    meetingId: MeetingId,
    recordingId: RecordingId,
    change: RecordingChange,
  ): Promise<'done' | 'unfit' | 'later'>;
}
