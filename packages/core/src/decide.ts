import type { Command } from './commands.js';
import type { Decision } from './decision.js';
import { broadcast, relay } from './rules/broadcast.js';
import { deleteChat, editChat, pinChat, sendChat } from './rules/chat.js';
import { moveOut } from './rules/connected-meetings.js';
import { changePermissions, pinPeer } from './rules/host-controls.js';
import { join } from './rules/joining.js';
import { endIfAbandoned, endSession, giveUpPeer, kickPeers, leave, loseConnection } from './rules/leaving.js';
import {
  checkLivestream,
  followLivestream,
  startLivestream,
  stopDesertedLivestream,
  stopLivestream,
} from './rules/livestream.js';
import {
  addProducer,
  checkProduce,
  closeProducers,
  joinMedia,
  leaveMedia,
  mutePeers,
  rankSpeakers,
  toggleProducer,
} from './rules/media.js';
import { tellPeerCount } from './rules/peer-count.js';
import { createPoll, votePoll } from './rules/polls.js';
import { controlRecording, followRecorder, startRecording, stopDueRecordings } from './rules/recording.js';
import {
  cancelStageRequest,
  denyStage,
  grantStage,
  joinStage,
  leaveStage,
  requestStage,
} from './rules/stage.js';
import { deleteStoreItems, setStoreItems } from './rules/stores.js';
import { keepTime } from './rules/time-limit.js';
import { transcribe } from './rules/transcription.js';
import { acceptWaiting, denyWaiting } from './rules/waiting-room.js';
import type { MeetingState, Timestamp } from './state.js';

/** What a command does to a meeting. Reads the state and changes nothing; `apply` folds the events in. */
export function decide(state: MeetingState, command: Command, now: Timestamp): Decision {
  switch (command.type) {
    case 'Join':
      return join(state, command, now);
    case 'Leave':
      return leave(state, command, now);
    case 'LoseConnection':
      return loseConnection(state, command, now);
    case 'GiveUpPeer':
      return giveUpPeer(state, command, now);
    case 'EndIfAbandoned':
      return endIfAbandoned(state, now);
    case 'KeepTime':
      return keepTime(state, command, now);
    case 'TellPeerCount':
      return tellPeerCount(state, now);
    case 'AcceptWaiting':
      return acceptWaiting(state, command, now);
    case 'DenyWaiting':
      return denyWaiting(state, command, now);
    case 'KickPeers':
      return kickPeers(state, command, now);
    case 'EndSession':
      return endSession(state, command, now);
    case 'MoveOut':
      return moveOut(state, command, now);
    case 'MutePeers':
      return mutePeers(state, command, now);
    case 'PinPeer':
      return pinPeer(state, command, now);
    case 'ChangePermissions':
      return changePermissions(state, command, now);
    case 'RequestStage':
      return requestStage(state, command, now);
    case 'CancelStageRequest':
      return cancelStageRequest(state, command, now);
    case 'GrantStage':
      return grantStage(state, command, now);
    case 'DenyStage':
      return denyStage(state, command, now);
    case 'JoinStage':
      return joinStage(state, command, now);
    case 'LeaveStage':
      return leaveStage(state, command, now);
    case 'JoinMedia':
      return joinMedia(state, command, now);
    case 'LeaveMedia':
      return leaveMedia(state, command, now);
    case 'CheckProduce':
      return checkProduce(state, command);
    case 'AddProducer':
      return addProducer(state, command, now);
    case 'ToggleProducer':
      return toggleProducer(state, command, now);
    case 'CloseProducers':
      return closeProducers(state, command, now);
    case 'RankSpeakers':
      return rankSpeakers(state, command, now);
    case 'SendChat':
      return sendChat(state, command, now);
    case 'EditChat':
      return editChat(state, command, now);
    case 'DeleteChat':
      return deleteChat(state, command, now);
    case 'PinChat':
      return pinChat(state, command, now);
    case 'CreatePoll':
      return createPoll(state, command, now);
    case 'VotePoll':
      return votePoll(state, command, now);
    case 'SetStoreItems':
      return setStoreItems(state, command, now);
    case 'DeleteStoreItems':
      return deleteStoreItems(state, command, now);
    case 'StartRecording':
      return startRecording(state, command, now);
    case 'ControlRecording':
      return controlRecording(state, command, now);
    case 'FollowRecorder':
      return followRecorder(state, command, now);
    case 'StopDueRecordings':
      return stopDueRecordings(state, command, now);
    case 'CheckLivestream':
      return checkLivestream(state, command);
    case 'StartLivestream':
      return startLivestream(state, command, now);
    case 'StopLivestream':
      return stopLivestream(state, command, now);
    case 'FollowLivestream':
      return followLivestream(state, command, now);
    case 'StopDesertedLivestream':
      return stopDesertedLivestream(state, command, now);
    case 'Transcribe':
      return transcribe(state, command, now);
    case 'Broadcast':
      return broadcast(state, command, now);
    case 'Relay':
      return relay(state, command, now);
  }
}
