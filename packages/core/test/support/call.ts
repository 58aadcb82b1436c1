import { Meeting } from './meeting.js';
import { host } from './presets.js';

/** A host and two guests, Anna and Ben, whose media joins are complete. */
export function call(): Meeting {
  const meeting = new Meeting();
  meeting.joinWithMedia('host', host());
  meeting.joinWithMedia('anna');
  meeting.joinWithMedia('ben');
  return meeting;
}

/** What makes a producer that of a shared screen. */
export const SCREEN = { kind: 'video' as const, screenShare: true, mimeType: 'video/VP8' };

export const toggle = (by: string, producerId: string, paused: boolean) => ({
  type: 'ToggleProducer' as const,
  by,
  producerId,
  paused,
});
