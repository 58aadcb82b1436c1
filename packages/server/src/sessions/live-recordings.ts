import { BACKEND, type Command, type NewRecording, type RecordingChange } from '@parley/core';
import { ApiError } from '../http/errors.js';
import type { MeetingId, ParticipantId, RecordingId } from '../ids.js';
import type { RecordedSessions, RecordingCaller } from '../recordings/sessions.js';
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
  not_saved: 503,
  gone: 503,
};

/** The hand of the APIs and of the recorders on the recordings of live sessions. */
export class LiveRecordings implements RecordedSessions {
  constructor(private readonly meetings: LiveMeetings) {}

  async start(
    meetingId: MeetingId,
    by: RecordingCaller,
    recording: NewRecording,
    allowMultiple: boolean,
  ): Promise<void> {
    await this.#execute(meetingId, by, (actor) => ({
      type: 'StartRecording',
      by: actor,
      recording,
      allowMultiple,
    }));
  }

  async control(
    meetingId: MeetingId,
    by: RecordingCaller,
    recordingId: RecordingId,
    action: 'stop' | 'pause' | 'resume',
  ): Promise<void> {
    await this.#execute(meetingId, by, (actor) => ({
      type: 'ControlRecording',
      by: actor,
      recordingId,
      action,
    }));
  }

  async follow(
    meetingId: MeetingId,
    recordingId: RecordingId,
    change: RecordingChange,
  ): Promise<'done' | 'unfit' | 'later'> {
    const host = await this.meetings.find(meetingId);
    if (!host) return 'later';
    try {
      await host.execute({ type: 'FollowRecorder', recordingId, change });
      return 'done';
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return error.code === 'recording_state' || error.code === 'recording_unknown' ? 'unfit' : 'later';
    }
  }

  async #execute(
    meetingId: MeetingId,
    by: RecordingCaller,
    command: (actor: string | typeof BACKEND) => Command,
  ): Promise<void> {
    const host = await this.meetings.find(meetingId);
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
}

/** Any peer of the participant: what hosts have changed holds for all of them. A stranger gives the rules nobody. */
function peerOf(host: MeetingHost, participantId: ParticipantId): string {
  for (const peer of host.state.session?.peers.values() ?? []) {
    if (peer.participantId === participantId) return peer.peerId;
  }
  return '';
}
