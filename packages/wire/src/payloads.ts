import { WireError } from './errors.js';
import { ChatEvent, MediaEvent, PollEvent, PresetEvent, RoomEvent, StoreEvent } from './events.js';
import * as edge from './generated/media/edge.js';
import * as media from './generated/media.js';
import * as ai from './generated/socket/ai.js';
import * as chat from './generated/socket/chat.js';
import * as livestreaming from './generated/socket/livestreaming.js';
import * as plugin from './generated/socket/plugin.js';
import * as polls from './generated/socket/polls.js';
import * as preset from './generated/socket/preset.js';
import * as recording from './generated/socket/recording.js';
import * as room from './generated/socket/room.js';

/** The part of a generated codec that payloads need. */
interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

const EMPTY = new Uint8Array(0);

/** The event exists in this direction, and its payload is empty or never read. */
const none: Codec<undefined> = {
  encode: () => ({ finish: () => EMPTY }),
  decode: () => undefined,
};

/** Encodes and decodes the payloads of one direction; the event's number decides the type of the message. */
export class Payloads<Messages extends { [event: number]: unknown }> {
  constructor(private readonly codecs: { readonly [E in keyof Messages]: Codec<Messages[E]> }) {}

  /** Whether this direction has the event at all. */
  has(event: number): event is keyof Messages & number {
    return Object.hasOwn(this.codecs, event);
  }

  /** The message of an event as bytes; an event without a message takes none and gives no bytes. */
  encode<E extends keyof Messages & number>(
    event: E,
    ...[message]: Messages[E] extends undefined ? [] : [message: Messages[E]]
  ): Uint8Array {
    return this.codecOf(event)
      .encode(message as Messages[E])
      .finish();
  }

  /**
   * The message of an event; undefined for an event without one, whatever bytes came along.
   *
   * @throws {WireError} `malformed_payload`; `unknown_event` when a caller did not ask `has` first.
   */
  decode<E extends keyof Messages & number>(event: E, payload: Uint8Array): Messages[E] {
    const codec = this.codecOf(event);
    try {
      return codec.decode(payload);
    } catch (cause) {
      throw new WireError('malformed_payload', `The payload of event ${event} is malformed.`, { cause });
    }
  }

  private codecOf<E extends keyof Messages & number>(event: E): Codec<Messages[E]> {
    if (!this.has(event)) throw new WireError('unknown_event', `There is no event ${String(event)}.`);
    return this.codecs[event];
  }
}

/** What a client sends. */
export const toServer = new Payloads({
  [RoomEvent.getPeerInfo]: room.GetPeerInfoRequest,
  [RoomEvent.getRoomPeersInfo]: room.RoomPeersInfoRequest,
  [RoomEvent.joinRoom]: room.JoinRoomRequest,
  [RoomEvent.getRoomInfo]: none,
  [RoomEvent.getStageRequests]: none,
  [RoomEvent.requestStageAccess]: none,
  [RoomEvent.cancelStageRequest]: none,
  [RoomEvent.grantStageAccess]: livestreaming.GrantStageAccessRequest,
  [RoomEvent.denyStageAccess]: livestreaming.DenyStageAccessRequest,
  [RoomEvent.joinStage]: none,
  [RoomEvent.leaveStage]: livestreaming.LeaveStageRequest,
  [RoomEvent.getConnectedRoomsDump]: none,
  [RoomEvent.createConnectedRooms]: room.CreateConnectedRoomsRequest,
  [RoomEvent.deleteConnectedRooms]: room.DisableConnectedRoomsRequest,
  [RoomEvent.movePeers]: room.MovePeersBetweenRoomsRequest,
  [RoomEvent.getAllAddedParticipants]: none,
  [RoomEvent.broadcastMessage]: room.BroadcastMessage,
  [RoomEvent.kick]: room.RemoveParticipantsRequest,
  [RoomEvent.kickAll]: edge.KickAllPeersRequest,
  [RoomEvent.getWaitingRoomRequests]: none,
  [RoomEvent.acceptWaitingRoomRequests]: room.AcceptWaitingRoomRequests,
  [RoomEvent.denyWaitingRoomRequests]: room.DenyWaitingRoomRequests,
  [RoomEvent.broadcastToEntity]: room.BroadcastMessage,
  [RoomEvent.getRoomStageState]: none,

  [ChatEvent.getMessages]: none,
  [ChatEvent.sendMessageToRoom]: chat.SendChatMessageToRoomRequest,
  [ChatEvent.sendMessageToPeers]: chat.SendChatMessageToPeersRequest,
  [ChatEvent.editMessage]: chat.EditChatMessageRequest,
  [ChatEvent.deleteMessage]: chat.DeleteChatMessageRequest,
  [ChatEvent.getPaginatedMessages]: chat.GetPaginatedChatMessageRoomRequest,
  [ChatEvent.searchChannelMessages]: chat.SearchChatMessagesRequest,
  [ChatEvent.pinMessage]: chat.PinChatMessageRequest,

  [StoreEvent.storeInsertKeys]: plugin.PluginStoreInsertKeysRequest,
  [StoreEvent.storeGetKeys]: plugin.PluginStoreGetKeysRequest,
  [StoreEvent.storeDeleteKeys]: plugin.PluginStoreDeleteKeysRequest,

  [PollEvent.createPoll]: polls.NewPollRequest,
  [PollEvent.getPolls]: none,
  [PollEvent.votePoll]: polls.VotePollRequest,

  [PresetEvent.getUserPresets]: preset.ReadPeersPresetRequest,
  [PresetEvent.updateUserPreset]: preset.UpdatePeersPresetRequest,

  [MediaEvent.createWebRTCTransport]: media.CreateTransportRequest,
  [MediaEvent.produce]: edge.ProducerCreateRequest,
  [MediaEvent.consume]: edge.ConsumePeersRequest,
  [MediaEvent.toggleProducer]: edge.ProducerToggleRequest,
  [MediaEvent.closeProducer]: edge.ProducerCloseRequest,
  [MediaEvent.closeConsumer]: edge.ConsumerCloseRequest,
  [MediaEvent.updateConsumersSimulcastConfig]: edge.UpdateConsumersSimulcastConfigRequest,
  [MediaEvent.joinRoom]: edge.PeerJoinRequest,
  [MediaEvent.leaveRoom]: edge.PeerLeaveRequest,
  [MediaEvent.globalPinPeer]: edge.GlobalPeerPinningRequest,
  [MediaEvent.selfJoinComplete]: edge.PeerJoinCompleteRequest,
  [MediaEvent.renegotiateSessionDescription]: media.RenegotiateRequest,
  [MediaEvent.changeDisplayName]: edge.PeerDisplayNameEditRequest,
  [MediaEvent.hostControlPeer]: edge.HostMediaControlForPeerRequest,
  [MediaEvent.hostControlAllPeers]: edge.HostMediaControlForAllPeerRequest,
  [MediaEvent.audioActivity]: media.AudioActivityRequest,
});

/** What a server sends: answers and broadcasts of one event have the same type. */
export const toClient = new Payloads({
  [RoomEvent.getPeerInfo]: room.PeerInfoResponse,
  [RoomEvent.getRoomPeersInfo]: room.RoomPeersInfoResponse,
  [RoomEvent.joinRoom]: room.PeerInfoResponse,
  [RoomEvent.leaveRoom]: room.PeerInfoResponse,
  [RoomEvent.getRoomInfo]: room.RoomInfoResponse,
  [RoomEvent.startedLivestream]: livestreaming.LiveStreamingEvent,
  [RoomEvent.stoppedLivestream]: livestreaming.LiveStreamingEvent,
  [RoomEvent.erroredLivestream]: livestreaming.LiveStreamingEvent,
  [RoomEvent.getStagePeers]: livestreaming.GetStagePeersResponse,
  [RoomEvent.getStageRequests]: livestreaming.GetStageRequestsResponse,
  [RoomEvent.grantStageAccess]: none,
  [RoomEvent.denyStageAccess]: none,
  [RoomEvent.roomPeerCount]: room.RoomPeerCountResponse,
  // The answer to leaving the stage oneself comes on peerStageStatusUpdate, as does the one to joinStage.
  [RoomEvent.leaveStage]: none,
  [RoomEvent.getConnectedRoomsDump]: room.GetConnectedRoomsDumpResponse,
  [RoomEvent.createConnectedRooms]: room.CreateConnectedRoomsResponse,
  [RoomEvent.deleteConnectedRooms]: room.DisableConnectedRoomsResponse,
  // Taken as a success unless the bytes contain the text "error".
  [RoomEvent.movePeers]: room.MovePeersBetweenRoomsResponse,
  [RoomEvent.transferPeer]: room.TransferPeer,
  [RoomEvent.movedPeer]: room.MovedPeer,
  [RoomEvent.connectedRoomsUpdated]: room.CreateConnectedRoomsResponse,
  [RoomEvent.connectedRoomsDeleted]: room.DisableConnectedRoomsResponse,
  [RoomEvent.getAllAddedParticipants]: room.GetAllAddedParticipantsResponse,
  [RoomEvent.broadcastMessage]: room.BroadcastMessage,
  // Whoever receives one of these two leaves: never answer a host's request on the same event.
  [RoomEvent.kick]: none,
  [RoomEvent.kickAll]: none,
  [RoomEvent.transcript]: ai.MeetingTranscript,
  [RoomEvent.getWaitingRoomRequests]: room.GetWaitingRoomRequests,
  [RoomEvent.waitingRoomRequestAccepted]: none,
  [RoomEvent.waitingRoomRequestDenied]: none,
  [RoomEvent.peerStageStatusUpdate]: room.PeerStatusUpdate,
  [RoomEvent.broadcastToEntity]: room.BroadcastMessage,
  [RoomEvent.recordingStarted]: recording.RecordingEvent,
  [RoomEvent.recordingStopped]: recording.RecordingEvent,
  [RoomEvent.recordingPaused]: recording.RecordingEvent,
  [RoomEvent.getRoomStageState]: room.GetRoomStageStateResponse,
  [RoomEvent.livestreamingInvoked]: livestreaming.LiveStreamingEvent,

  [ChatEvent.getMessages]: chat.GetChatMessagesResponse,
  [ChatEvent.sendMessageToRoom]: chat.SendChatMessageToRoomResponse,
  [ChatEvent.sendMessageToPeers]: chat.SendChatMessageToPeersResponse,
  [ChatEvent.editMessage]: chat.EditChatMessageResponse,
  [ChatEvent.deleteMessage]: chat.DeleteChatMessageResponse,
  [ChatEvent.getPaginatedMessages]: chat.GetPaginatedChatMessageRoomResponse,
  [ChatEvent.searchChannelMessages]: chat.GetChatMessagesResponse,
  [ChatEvent.pinMessage]: chat.PinChatMessageResponse,

  [StoreEvent.storeInsertKeys]: plugin.PluginStoreResponse,
  [StoreEvent.storeGetKeys]: plugin.PluginStoreResponse,
  [StoreEvent.storeDeleteKeys]: plugin.PluginStoreResponse,

  [PollEvent.createPoll]: polls.UpdatePollResponse,
  [PollEvent.getPolls]: polls.GetPollsResponse,
  [PollEvent.votePoll]: polls.UpdatePollResponse,
  [PollEvent.updatePoll]: polls.UpdatePollResponse,

  [PresetEvent.getUserPresets]: preset.ReadPeersPresetResponse,
  [PresetEvent.updateUserPreset]: preset.UpdatePeersPresetResponse,

  [MediaEvent.createWebRTCTransport]: media.CreateTransportResponse,
  [MediaEvent.produce]: edge.ProducerCreateResponse,
  [MediaEvent.consume]: edge.ConsumePeerResponse,
  [MediaEvent.closeProducer]: edge.ProducerClosingResponse,
  [MediaEvent.closeConsumer]: edge.ConsumerClosingResponse,
  [MediaEvent.updateConsumersSimulcastConfig]: none,
  [MediaEvent.joinRoom]: none,
  [MediaEvent.leaveRoom]: edge.PeerLeaveResponse,
  [MediaEvent.selectedPeer]: edge.SelectedPeersResponse,
  [MediaEvent.globalPinPeer]: none,
  [MediaEvent.selfJoinComplete]: edge.PeerJoinCompleteResponse,
  [MediaEvent.peerJoinedBroadcast]: edge.PeerJoinBroadcastResponse,
  [MediaEvent.peerLeaveBroadcast]: edge.PeerLeaveBroadcastResponse,
  [MediaEvent.peerProducerCreateBroadcast]: edge.PeerProducerCreateBroadcastResponse,
  [MediaEvent.peerProducerToggleBroadcast]: edge.PeerProducerToggleBroadcastResponse,
  [MediaEvent.peerProducerCloseBroadcast]: edge.PeerProducerCloseBroadcastResponse,
  [MediaEvent.globalPeerPinBroadcast]: edge.GlobalPeerPinningBroadcastResponse,
  [MediaEvent.mediaRoomTerminationBroadcastResponse]: none,
  [MediaEvent.selectedPeerDiff]: edge.SelectedPeersDiffResponse,
  [MediaEvent.renegotiateSessionDescription]: none,
  [MediaEvent.errorResponse]: edge.ErrorResponse,
  [MediaEvent.changeDisplayName]: edge.PeerDisplayNameEditResponse,
  [MediaEvent.hostControlPeer]: edge.HostMediaControlForPeerResponse,
  [MediaEvent.hostControlAllPeers]: edge.HostMediaControlForAllPeerResponse,
});

type ClientMessages = typeof toServer extends Payloads<infer M> ? M : never;
type ServerMessages = typeof toClient extends Payloads<infer M> ? M : never;

/** Events that a client may send. */
export type ClientEvent = keyof ClientMessages & number;
/** Events that a server may send. */
export type ServerEvent = keyof ServerMessages & number;
/** The message that a client sends with event `E`; undefined when it has none. */
export type ClientMessage<E extends ClientEvent> = ClientMessages[E];
/** The message that a server sends with event `E`; undefined when it has none. */
export type ServerMessage<E extends ServerEvent> = ServerMessages[E];
