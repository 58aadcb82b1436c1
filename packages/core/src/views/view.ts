import { RoomEvent } from '@parley/wire';
import type { SessionEvent } from '../events.js';
import type { MeetingState } from '../state.js';
import { type Effect, message } from './effects.js';
import { viewOfLivestream } from './livestreams.js';
import { joined, livestreamPeers } from './receivers.js';
import { viewOfRecording } from './recordings.js';
import { timeWarning } from './time-warning.js';
import { viewOfTranscript } from './transcript.js';
import { viewOfChat, viewOfMessageBroadcast, viewOfPoll, viewOfStore } from './view-of-exchange.js';
import { viewOfMedia, viewOfSpeakers } from './view-of-media.js';
import {
  peerCount,
  viewOfJoin,
  viewOfLeave,
  viewOfPermissions,
  viewOfPin,
  viewOfStage,
  viewOfWaiting,
} from './view-of-people.js';

/**
 * What has to be told and done because of an event, given the state with the event folded in. Each message is
 * encoded once for all its receivers. The order of the effects is the order on each receiver's socket.
 */
export function view(state: MeetingState, event: SessionEvent): Effect[] {
  return effectsOf(state, event).filter((effect) => effect.type !== 'message' || effect.to.length > 0);
}

function effectsOf(state: MeetingState, event: SessionEvent): Effect[] {
  switch (event.type) {
    case 'SessionEnded':
      // To the initiator as well: his client leaves by this message alone (protocol.md 8.2).
      return [
        message(event.peerIds, RoomEvent.kickAll),
        { type: 'closeSockets', peerIds: event.peerIds },
        { type: 'releaseMedia', peerIds: event.peerIds },
      ];
    case 'WaitingStarted':
    case 'WaitingAccepted':
    case 'WaitingDenied':
    case 'WaitingStopped':
      return viewOfWaiting(state, event);
  }
  const { session } = state;
  if (!session) return [];
  switch (event.type) {
    case 'PeerJoined':
    case 'PeerReconnected':
      return viewOfJoin(session, event);
    case 'PeerLeft':
      return viewOfLeave(session, event);
    case 'PermissionsChanged':
      return viewOfPermissions(session, event);
    case 'PeerPinned':
      return viewOfPin(session);
    case 'StageStatusChanged':
      return viewOfStage(session, event);
    case 'MediaJoined':
    case 'ProducerAdded':
    case 'ProducerToggled':
    case 'ProducerClosed':
      return viewOfMedia(session, event);
    case 'SpeakersChanged':
      return viewOfSpeakers(session);
    case 'PeersCounted':
      return [peerCount(livestreamPeers(session), event.count)];
    case 'TimeLimitAnnounced':
      return [timeWarning(joined(session), event.endsAt, event.at)];
    case 'ChatMessageSent':
    case 'ChatMessageEdited':
    case 'ChatMessageDeleted':
    case 'ChatMessagePinned':
      return viewOfChat(session, event);
    case 'PollCreated':
    case 'PollVoted':
      return viewOfPoll(session, event);
    case 'StoreItemsSet':
    case 'StoreItemsDeleted':
      return viewOfStore(state.meetingId, session, event);
    case 'MessageBroadcast':
      return viewOfMessageBroadcast(session, event);
    case 'SpeechTranscribed':
      return viewOfTranscript(state, session, event);
    case 'RecordingChanged':
      return viewOfRecording(session, event);
    case 'LivestreamInvoked':
    case 'LivestreamChanged':
      return viewOfLivestream(state, session, event);
    case 'SessionStarted':
    case 'RecordingInvoked':
    case 'RecordingCueAdded':
    case 'RecordingCuesClosed':
    case 'RecordingCueDropped':
    case 'PeerConnectionLost':
    case 'MediaLeft':
    case 'UnmuteForbidden':
    case 'UnmuteAllowed':
      return [];
  }
}
