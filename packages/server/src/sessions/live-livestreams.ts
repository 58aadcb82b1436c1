import type { LivestreamChange, NewLivestream } from '@parley/core';
import type { LivestreamSessionId, MeetingId } from '../ids.js';
import type { LivestreamCaller, LivestreamedSessions } from '../livestreams/sessions.js';
import { executeBy, executeReport } from './execute-by.js';
import type { LiveMeetings } from './live-meetings.js';

/** The hand of the APIs and of the recorders on the livestreams of live sessions. */
export class LiveLivestreams implements LivestreamedSessions {
  constructor(private readonly meetings: LiveMeetings) {}

  async check(meetingId: MeetingId, by: LivestreamCaller): Promise<void> {
    await executeBy(this.meetings, meetingId, by, (actor) => ({ type: 'CheckLivestream', by: actor }));
  }

  async start(meetingId: MeetingId, by: LivestreamCaller, livestream: NewLivestream): Promise<void> {
    await executeBy(this.meetings, meetingId, by, (actor) => ({
      type: 'StartLivestream',
      by: actor,
      livestream,
    }));
  }

  async stop(meetingId: MeetingId, by: LivestreamCaller): Promise<void> {
    await executeBy(this.meetings, meetingId, by, (actor) => ({ type: 'StopLivestream', by: actor }));
  }

  follow(
    meetingId: MeetingId,
    livestreamSessionId: LivestreamSessionId,
    change: LivestreamChange,
  ): Promise<'done' | 'unfit' | 'later'> {
    const report = { type: 'FollowLivestream', livestreamSessionId, change } as const;
    return executeReport(this.meetings, meetingId, report, ['livestream_state', 'livestream_unknown']);
  }
}
