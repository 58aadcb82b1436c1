/**
 * Every event number of the socket by the SDK's own name. The upper 16 bits say which part of the service an event
 * belongs to, the lower 16 bits count within it (features.md S22). Some numbers exist in the SDK but are neither
 * sent nor listened to; they are kept so that the tables stay equal, and have no entry in payloads.ts.
 */

/** Peers, waiting room, stage, kick, broadcasts, connected meetings, recording and livestream events. */
export const RoomEvent = {
  getPeerInfo: 0,
  updatePeerInfo: 1,
  getRoomPeersInfo: 2,
  joinRoom: 3,
  leaveRoom: 4,
  getRoomInfo: 5,
  updateRoomInfo: 6,
  closeRoom: 7,
  startedLivestream: 8,
  stoppedLivestream: 9,
  erroredLivestream: 10,
  getStagePeers: 11,
  getStageRequests: 12,
  requestStageAccess: 13,
  cancelStageRequest: 14,
  grantStageAccess: 15,
  denyStageAccess: 16,
  roomPeerCount: 17,
  joinStage: 18,
  leaveStage: 19,
  getConnectedRoomsDump: 20,
  createConnectedRooms: 21,
  deleteConnectedRooms: 22,
  movePeers: 23,
  transferPeer: 24,
  movedPeer: 25,
  connectedRoomsUpdated: 26,
  connectedRoomsDeleted: 27,
  getAllAddedParticipants: 28,
  broadcastMessage: 29,
  kick: 30,
  kickAll: 31,
  transcript: 32,
  getWaitingRoomRequests: 33,
  acceptWaitingRoomRequests: 34,
  waitingRoomRequestAccepted: 35,
  denyWaitingRoomRequests: 36,
  waitingRoomRequestDenied: 37,
  peerStageStatusUpdate: 38,
  broadcastToEntity: 39,
  recordingStarted: 40,
  recordingStopped: 41,
  recordingPaused: 42,
  getRoomStageState: 43,
  livestreamingInvoked: 44,
} as const;
export type RoomEvent = (typeof RoomEvent)[keyof typeof RoomEvent];

/** Chat. */
export const ChatEvent = {
  getMessages: 0x10000,
  sendMessageToRoom: 0x10001,
  sendMessageToPeers: 0x10002,
  editMessage: 0x10003,
  deleteMessage: 0x10004,
  getPaginatedMessages: 0x10005,
  searchChannelMessages: 0x10007,
  pinMessage: 0x1000a,
} as const;
export type ChatEvent = (typeof ChatEvent)[keyof typeof ChatEvent];

/** Plugins and key-value stores; the SDK uses the three store events only. */
export const StoreEvent = {
  getPlugins: 0x20000,
  addPlugin: 0x20001,
  enablePluginForRoom: 0x20002,
  disablePluginForPeers: 0x20003,
  enablePluginForPeers: 0x20004,
  disablePluginForRoom: 0x20005,
  removePlugin: 0x20006,
  customPluginEventToRoom: 0x20007,
  customPluginEventToPeers: 0x20008,
  storeInsertKeys: 0x20009,
  storeGetKeys: 0x2000a,
  storeDeleteKeys: 0x2000b,
  storeDelete: 0x2000c,
} as const;
export type StoreEvent = (typeof StoreEvent)[keyof typeof StoreEvent];

/** Polls. */
export const PollEvent = {
  createPoll: 0x30000,
  getPolls: 0x30001,
  votePoll: 0x30002,
  updatePoll: 0x30003,
} as const;
export type PollEvent = (typeof PollEvent)[keyof typeof PollEvent];

/** Permissions of peers. */
export const PresetEvent = {
  getUserPresets: 0x50000,
  updateUserPreset: 0x50001,
} as const;
export type PresetEvent = (typeof PresetEvent)[keyof typeof PresetEvent];

/** Media. */
export const MediaEvent = {
  unknown: 0x03000000,
  createWebRTCTransport: 0x03000001,
  produce: 0x03000002,
  consume: 0x03000003,
  toggleProducer: 0x03000004,
  toggleConsumer: 0x03000005,
  closeProducer: 0x03000006,
  closeConsumer: 0x03000007,
  updateConsumersSimulcastConfig: 0x03000008,
  joinRoom: 0x03000010,
  leaveRoom: 0x03000011,
  selectedPeer: 0x03000012,
  globalPinPeer: 0x03000013,
  selfJoinComplete: 0x03000014,
  peerJoinedBroadcast: 0x03000019,
  peerLeaveBroadcast: 0x0300001a,
  peerProducerCreateBroadcast: 0x0300001b,
  peerProducerToggleBroadcast: 0x0300001c,
  peerProducerCloseBroadcast: 0x0300001d,
  globalPeerPinBroadcast: 0x0300001e,
  recordingStartedBroadcast: 0x0300001f,
  recordingStoppedBroadcast: 0x03000020,
  peerDisplayNameEditBroadcast: 0x03000021,
  mediaRoomTerminationBroadcastResponse: 0x03000024,
  selectedPeerDiff: 0x03000028,
  renegotiateSessionDescription: 0x03000032,
  errorResponse: 0x0300003c,
  kickPeer: 0x0300005a,
  kickAll: 0x0300005b,
  changeDisplayName: 0x0300005c,
  hostControlPeer: 0x0300005d,
  hostControlAllPeers: 0x0300005e,
  audioActivity: 0x03000064,
} as const;
export type MediaEvent = (typeof MediaEvent)[keyof typeof MediaEvent];

/** Any event number that the SDK knows. */
export type EventNumber = RoomEvent | ChatEvent | StoreEvent | PollEvent | PresetEvent | MediaEvent;

/** Two more numbers on which the SDK takes an error answer. Parley sends `MediaEvent.errorResponse` only. */
export const OtherErrorEvent = { legacyMedia: 0x0100003c, generic: 0xffff } as const;

const NAMES = new Map<number, string>(
  Object.entries({
    room: RoomEvent,
    chat: ChatEvent,
    store: StoreEvent,
    polls: PollEvent,
    preset: PresetEvent,
    media: MediaEvent,
  }).flatMap(([part, table]) => Object.entries(table).map(([name, number]) => [number, `${part}.${name}`])),
);

/** `room.joinRoom` for 3; used in logs and metrics. Undefined for a number that the SDK does not know. */
export function eventName(event: number): string | undefined {
  return NAMES.get(event);
}
