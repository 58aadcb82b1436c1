import { BACKEND, type Command } from '@parley/core';
import type { MeetingHost } from '../meeting-host.js';
import { ifAnybodyIsThere } from '../refused.js';

/** Deleted; ended together with the main session; or the time of that one was over. */
export type WhyRoomEnds = 'deleted' | 'ended' | 'over';

/**
 * Ends the session of a room. Who is in a deleted one goes back to the main room (features.md B08). Also what a start
 * finishes that a stop has interrupted.
 */
export async function finishRoom(room: MeetingHost, why: WhyRoomEnds): Promise<void> {
  const mainId = room.meeting?.mainMeetingId;
  if (why === 'deleted' && mainId) {
    const to = { meetingId: mainId, isMain: true };
    await ifAnybodyIsThere(room.execute({ type: 'MoveOut', moves: 'everybody', to }));
  }
  const end: Command =
    why === 'over'
      ? { type: 'KeepTime', limits: { maxSessionMs: null, endsAt: 0 } }
      : { type: 'EndSession', by: BACKEND };
  await ifAnybodyIsThere(room.execute(end));
}
