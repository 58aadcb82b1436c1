import { BACKEND } from '@parley/core';
import type { MeetingHost } from '../meeting-host.js';
import { ifAnybodyIsThere } from '../refused.js';

/**
 * Ends the session of a room: with the main room, or because the room is deleted, when its people go back to the main
 * room (features.md B08). Also what a start finishes that a stop has interrupted.
 */
export async function finishRoom(room: MeetingHost, why: 'deleted' | 'ended'): Promise<void> {
  const mainId = room.meeting?.mainMeetingId;
  if (why === 'deleted' && mainId) {
    const to = { meetingId: mainId, isMain: true };
    await ifAnybodyIsThere(room.execute({ type: 'MoveOut', moves: 'everybody', to }));
  }
  await ifAnybodyIsThere(room.execute({ type: 'EndSession', by: BACKEND }));
}
