import type { MeetingState } from '@parley/core';

/** The whole state as text, to find out whether anything in it has changed. */
export function snapshot(state: MeetingState): string {
  return JSON.stringify(state, plain);
}

/** What a replay of the log must bring back: the session without all that lives as long as a socket. */
export function durablePart(state: MeetingState): unknown {
  const { session } = state;
  if (!session) return null;
  const peers = [...session.peers.values()].map((peer) => ({
    ...peer,
    lostAt: null,
    mediaJoined: false,
    producers: [],
  }));
  return JSON.parse(
    JSON.stringify({ ...session, peers, speakers: [], peerCountTold: null, timeWarning: null }, plain),
  );
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Map || value instanceof Set ? [...value] : value;
}
