import type { Command, Peer, PermissionsPatch, Preset } from '@parley/core';
import { guest, host, presenter, viewer } from './presets.js';

/** The people, texts and habits of the random meetings. */

export const PARTICIPANTS = Array.from({ length: 17 }, (_, i) => `participant-${i}`);
export const DEVICES = ['desk', 'phone'];
export const STORES = ['board', 'notes', '__rtk_plugins__'];
export const KEYS = ['a', 'b', 'c', 'd'];

/** One for each participant, so that a session has somebody of everything. */
export const PRESETS: Preset[] = [
  host({ can_record: true, can_livestream: true }),
  presenter(),
  host({ waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY', kick_participant: false }),
  guest(),
  guest({ polls: { can_view: false }, chat: { private: { can_receive: false } } }),
  guest({ chat: { public: { files: false }, private: { can_send: false } } }, { maxScreenshareCount: 2 }),
  guest({}, { viewType: 'AUDIO_ROOM' }),
  viewer(),
  viewer({ stage_access: undefined }),
  viewer({ stage_access: 'NOT_ALLOWED' }),
  guest({ hidden_participant: true }),
  viewer({ hidden_participant: true }),
  guest({ recorder_type: 'RECORDER' }),
  guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }),
  guest({ waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' }),
  presenter({}, 'LIVESTREAM'),
  viewer({}, 'LIVESTREAM'),
];

export const PATCHES: PermissionsPatch[] = [
  { kick_participant: true },
  { accept_waiting_requests: true },
  { accept_waiting_requests: false },
  { can_accept_production_requests: true },
  { hidden_participant: true },
  { waiting_room_type: 'SKIP' },
  { recorder_type: 'RECORDER' },
  { polls: { can_view: false } },
  { polls: { can_view: true, can_create: true } },
  { polls: { can_vote: false } },
  { chat: { public: { can_send: false } } },
  { chat: { public: { can_send: true, text: true } } },
  { media: { audio: { can_produce: 'NOT_ALLOWED' } } },
  { media: { audio: { can_produce: 'ALLOWED' }, video: { can_produce: 'ALLOWED' } } },
  { media: { video: { can_produce: 'CAN_REQUEST' }, screenshare: { can_produce: 'NOT_ALLOWED' } } },
  {},
];

export const TEXTS = ['hello', 'good morning', 'x'.repeat(300), 'ß', '  ', 'a\0b'];
export const PAYLOADS = ['1', '"x"', '{"a":[1,2]}', 'null', '', '{', JSON.stringify('y'.repeat(400))];

/** How often each command is given while a session grows; ends are rare, so that it becomes rich. */
export const BUSY: Record<Command['type'], number> = {
  Join: 16,
  Leave: 4,
  LoseConnection: 5,
  GiveUpPeer: 3,
  EndIfAbandoned: 2,
  KeepTime: 3,
  TellPeerCount: 3,
  AcceptWaiting: 4,
  DenyWaiting: 1,
  KickPeers: 2,
  EndSession: 0.4,
  MoveOut: 1,
  MutePeers: 3,
  PinPeer: 2,
  ChangePermissions: 4,
  RequestStage: 4,
  CancelStageRequest: 1,
  GrantStage: 4,
  DenyStage: 1,
  JoinStage: 5,
  LeaveStage: 3,
  JoinMedia: 10,
  LeaveMedia: 2,
  CheckProduce: 1,
  AddProducer: 10,
  ToggleProducer: 8,
  CloseProducers: 3,
  RankSpeakers: 3,
  SendChat: 5,
  EditChat: 3,
  DeleteChat: 2,
  PinChat: 2,
  CreatePoll: 2,
  VotePoll: 5,
  SetStoreItems: 4,
  DeleteStoreItems: 2,
  StartRecording: 3,
  ControlRecording: 5,
  FollowRecorder: 5,
  StopDueRecordings: 2,
  CheckLivestream: 0.5,
  StartLivestream: 2,
  StopLivestream: 2,
  FollowLivestream: 4,
  StopDesertedLivestream: 2,
  Transcribe: 1,
  Broadcast: 2,
  Relay: 1,
};

/** How often while a session empties. */
export const QUIET: Record<Command['type'], number> = {
  ...BUSY,
  Join: 3,
  Leave: 20,
  LoseConnection: 10,
  GiveUpPeer: 20,
  EndIfAbandoned: 8,
};

const onStageBusiness = (peer: Peer) => ['WEBINAR', 'LIVESTREAM'].includes(peer.preset.viewType);
const moderates = (peer: Peer) => onStageBusiness(peer) && peer.permissions.can_accept_production_requests;

/** To whom a command comes naturally; others try as well, less often. */
export const USUALLY: Partial<Record<Command['type'], (peer: Peer) => boolean>> = {
  StartRecording: (peer) => peer.permissions.can_record,
  ControlRecording: (peer) => peer.permissions.can_record,
  StartLivestream: (peer) => peer.permissions.can_livestream,
  StopLivestream: (peer) => peer.permissions.can_livestream,
  KickPeers: (peer) => peer.permissions.kick_participant,
  EndSession: (peer) => peer.permissions.kick_participant,
  AcceptWaiting: (peer) => peer.permissions.accept_waiting_requests,
  DenyWaiting: (peer) => peer.permissions.accept_waiting_requests,
  MutePeers: (peer) => peer.permissions.disable_participant_audio,
  PinPeer: (peer) => peer.permissions.pin_participant,
  ChangePermissions: (peer) => peer.permissions.can_change_participant_permissions,
  RequestStage: (peer) => onStageBusiness(peer) && peer.stage === 'OFF_STAGE',
  CancelStageRequest: (peer) => peer.stage === 'REQUESTED_TO_JOIN_STAGE',
  GrantStage: moderates,
  DenyStage: moderates,
  JoinStage: (peer) => peer.stage === 'ACCEPTED_TO_JOIN_STAGE',
  LeaveStage: (peer) => moderates(peer) || peer.stage === 'ON_STAGE',
  JoinMedia: (peer) => !peer.mediaJoined,
  AddProducer: (peer) => peer.stage === 'ON_STAGE',
  ToggleProducer: (peer) => peer.producers.size > 0,
  CloseProducers: (peer) => peer.producers.size > 0,
};
