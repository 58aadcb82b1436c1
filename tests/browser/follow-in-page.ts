/** Runs in the page, so it uses nothing from outside of itself. */
import type RealtimeKitClient from '@cloudflare/realtimekit';

/** What the client has told of moves, in order. */
export type Move =
  | { type: 'changingMeeting'; meetingId: string }
  | { type: 'roomLeft'; state: string }
  | { type: 'meetingChanged'; meetingId: string };

declare global {
  interface Window {
    moves: Move[];
    /** The last list of `stateUpdate`: title and participant ids of each meeting, the main one first. */
    rooms: { title: string; people: string[] }[];
  }
}

/** Does what an app has to do: takes the client that comes with a move in the place of the old one. */
export function followMoves(): void {
  window.moves = [];
  window.rooms = [];
  const follow = (meeting: RealtimeKitClient) => {
    window.meeting = meeting;
    meeting.self.on('roomLeft', ({ state }) => window.moves.push({ type: 'roomLeft', state }));
    meeting.connectedMeetings.on('changingMeeting', (meetingId) =>
      window.moves.push({ type: 'changingMeeting', meetingId }),
    );
    meeting.connectedMeetings.on('stateUpdate', ({ meetings, parentMeeting }) => {
      window.rooms = [parentMeeting, ...meetings].map(({ title, participants }) => ({
        title: title ?? '',
        people: participants.map(({ id }) => id ?? ''),
      }));
    });
    meeting.connectedMeetings.on('meetingChanged', (next) => {
      window.moves.push({ type: 'meetingChanged', meetingId: next.meta.meetingId });
      follow(next);
    });
  };
  follow(window.meeting);
}
