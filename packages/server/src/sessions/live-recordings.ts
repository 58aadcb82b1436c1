import type { NewRecording, RecordingChange } from '@parley/core';
import type { MeetingId, RecordingId } from '../ids.js';
import type { RecordedSessions, RecordingCaller } from '../recordings/sessions.js';
import { executeBy, executeReport } from './execute-by.js';
import type { LiveMeetings } from './live-meetings.js';

/** The hand of the APIs and of the recorders on the recordings of live sessions. */
export class LiveRecordings implements RecordedSessions {
  constructor(private readonly meetings: LiveMeetings) {}

  async start(
    meetingId: MeetingId,
    by: RecordingCaller,
    recording: NewRecording,
    allowMultiple: boolean,
  ): Promise<void> {
    await executeBy(this.meetings, meetingId, by, (actor) => ({
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
    await executeBy(this.meetings, meetingId, by, (actor) => ({
      type: 'ControlRecording',
      by: actor,
      recordingId,
      action,
    }));
  }

  follow(
    meetingId: MeetingId,
    recordingId: RecordingId,
    change: RecordingChange,
  ): Promise<'done' | 'unfit' | 'later'> {
    const report = { type: 'FollowRecorder', recordingId, change } as const;
    return executeReport(this.meetings, meetingId, report, ['recording_state', 'recording_unknown']);
  }
}
