import { accept, type Decision } from '../decision.js';
import type { MeetingState, Timestamp } from '../state.js';

/** At most so often, since each time is a message to every viewer, and thousands of them may come at once. */
const PEER_COUNT_EVERY_MS = 2000;

/**
 * Tells a livestream's people how many they are, hosts and viewers alike, as the SDK's `livestream.viewerCount` counts
 * them (features.md S44). To be given when `peerCountDueAt` says; at any other time it does nothing.
 */
export function tellPeerCount(state: MeetingState, now: Timestamp): Decision {
  const dueAt = peerCountDueAt(state);
  if (!state.session || dueAt === null || now < dueAt) return accept();
  return accept({ type: 'PeersCounted', at: now, count: state.session.visiblePeers });
}

/** When `TellPeerCount` has something to do next; null as long as nobody comes or goes. May lie in the past. */
export function peerCountDueAt({ session }: MeetingState): Timestamp | null {
  if (!session || session.livestreamPeers === 0) return null;
  const { peerCountTold: told } = session;
  if (told === null) return session.startedAt;
  return told.count === session.visiblePeers ? null : told.at + PEER_COUNT_EVERY_MS;
}
