import { type livestreaming, RoomEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import type { MeetingState, Session } from '../state.js';
import { type Effect, message } from './effects.js';
import { joined } from './receivers.js';

type Of<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

/**
 * Everybody hears of each change, and loads the rest over HTTP (features.md S27, protocol.md 17). Who joins later asks
 * there as well, so nothing of it stands in the room's state.
 */
export function viewOfLivestream(
  { meetingId }: MeetingState,
  session: Session,
  event: Of<'LivestreamInvoked' | 'LivestreamChanged'>,
): Effect[] {
  const change = event.type === 'LivestreamChanged' ? event.change : null;
  const shown = SHOWN[change?.to ?? 'invoked'];
  // What is over has no address any more.
  const running = session.livestream;
  const payload: livestreaming.LiveStreamingEvent = {
    livestreamId: event.type === 'LivestreamChanged' ? event.livestreamId : event.livestream.livestreamId,
    errMessage: change?.to === 'failed' ? change.error.message : '',
    name: running?.name ?? '',
    meetingId,
    playbackUrl: running?.playbackUrl ?? '',
    orgId: '',
    roomName: meetingId,
    roomUuid: session.id,
    status: shown.status,
    manualIngest: running?.manualIngest ?? false,
  };
  return [message(joined(session), shown.event, payload)];
}

/** `status` in the words of the management API. */
const SHOWN = {
  invoked: { event: RoomEvent.livestreamingInvoked, status: 'INVOKED' },
  interrupted: { event: RoomEvent.livestreamingInvoked, status: 'INVOKED' },
  live: { event: RoomEvent.startedLivestream, status: 'LIVE' },
  stopped: { event: RoomEvent.stoppedLivestream, status: 'IDLE' },
  failed: { event: RoomEvent.erroredLivestream, status: 'ERRORED' },
} as const;
