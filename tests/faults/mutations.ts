import {
  ChatEvent,
  type ClientEvent,
  type ClientMessage,
  edge,
  encodeFrame,
  MediaEvent,
  media,
  PLUGIN_STORE_NAME,
  PollEvent,
  PresetEvent,
  preset,
  RoomEvent,
  room,
  StoreEvent,
  toServer,
} from '@parley/wire';
import { offerOf, UNUSED_TRACKS } from '../support/sdp.js';

/** What an honest frame would name, so that a part of what is made of it is nearly right. */
export interface Names {
  meetingId: string;
  peerIds: string[];
  participantIds: string[];
}

interface Sample {
  event: number;
  payload: Uint8Array;
}

const OFFER = offerOf(UNUSED_TRACKS);

/** One honest message of every event that a client may send. */
export function samples({ meetingId, peerIds, participantIds }: Names): Sample[] {
  const of = <E extends ClientEvent>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): Sample => ({ event, payload: toServer.encode<E>(event, ...(message as never)) });
  const userIds = { userIds: participantIds };
  const store = { pluginId: meetingId, storeName: PLUGIN_STORE_NAME };
  const text = { payloadType: 0, payload: 'hello' };
  const description = { target: 0, type: 'offer', sdp: OFFER } as const;
  const broadcast = room.BroadcastMessage.fromPartial({ type: 'wave', payload: Buffer.from('{"a":1}') });
  const [peerId = ''] = peerIds;
  return [
    of(RoomEvent.joinRoom, room.JoinRoomRequest.fromPartial({ peer: { peerId, displayName: 'Ann' } })),
    of(RoomEvent.getRoomInfo),
    of(RoomEvent.getRoomPeersInfo, room.RoomPeersInfoRequest.fromPartial({ seachQuery: 'a', limit: 10 })),
    of(RoomEvent.getConnectedRoomsDump),
    of(RoomEvent.getWaitingRoomRequests),
    of(RoomEvent.acceptWaitingRoomRequests, userIds),
    of(RoomEvent.denyWaitingRoomRequests, userIds),
    of(RoomEvent.kick, { peerIds }),
    of(RoomEvent.kickAll, { propagateKickAcrossRooms: true }),
    of(RoomEvent.broadcastMessage, broadcast),
    of(RoomEvent.broadcastToEntity, { ...broadcast, ids: peerIds }),
    of(RoomEvent.getStageRequests),
    of(RoomEvent.requestStageAccess),
    of(RoomEvent.cancelStageRequest),
    of(RoomEvent.grantStageAccess, userIds),
    of(RoomEvent.denyStageAccess, userIds),
    of(RoomEvent.joinStage),
    of(RoomEvent.leaveStage, userIds),
    of(ChatEvent.getMessages),
    of(ChatEvent.sendMessageToRoom, text),
    of(ChatEvent.sendMessageToPeers, { ...text, peerIds }),
    of(ChatEvent.editMessage, { chatId: meetingId, ...text }),
    of(ChatEvent.deleteMessage, { chatId: meetingId }),
    of(ChatEvent.pinMessage, { chatId: meetingId, pinned: true }),
    of(ChatEvent.getPaginatedMessages, { timeStamp: 1_700_000_000_000, size: 50, from: 0, reversed: true }),
    of(PollEvent.getPolls),
    of(PollEvent.createPoll, {
      question: 'Which?',
      options: ['a', 'b'],
      anonymous: false,
      hideVotes: false,
      createdBy: '',
    }),
    of(PollEvent.votePoll, { pollId: meetingId, index: 1 }),
    of(StoreEvent.storeGetKeys, { ...store, getKeys: [{ storeKey: 'a' }] }),
    of(StoreEvent.storeInsertKeys, { ...store, insertKeys: [{ storeKey: 'a', payload: Buffer.from('1') }] }),
    of(StoreEvent.storeDeleteKeys, { ...store, deleteKeys: [{ storeKey: 'a' }] }),
    of(PresetEvent.getUserPresets, userIds),
    of(
      PresetEvent.updateUserPreset,
      preset.UpdatePeersPresetRequest.fromPartial({
        updatePeersPresets: [{ userIds: participantIds[0] ?? '', patch: { canRecord: true } }],
      }),
    ),
    of(MediaEvent.joinRoom, edge.PeerJoinRequest.fromPartial({ displayName: 'Ann', roomUuid: meetingId })),
    of(MediaEvent.selfJoinComplete, {}),
    of(MediaEvent.createWebRTCTransport, media.CreateTransportRequest.fromPartial({ description })),
    of(
      MediaEvent.produce,
      edge.ProducerCreateRequest.fromPartial({ kind: 'audio', appData: '{"mid":"0"}', description }),
    ),
    of(
      MediaEvent.consume,
      edge.ConsumePeersRequest.fromPartial({
        requests: [{ producingPeerId: peerId, producerId: meetingId, simulcast: { preferredRid: 'f' } }],
      }),
    ),
    of(
      MediaEvent.toggleProducer,
      edge.ProducerToggleRequest.fromPartial({ producerId: meetingId, pause: true }),
    ),
    of(
      MediaEvent.closeProducer,
      edge.ProducerCloseRequest.fromPartial({ producerId: meetingId, description }),
    ),
    of(MediaEvent.closeConsumer, edge.ConsumerCloseRequest.fromPartial({ consumerIds: ['2'], description })),
    of(
      MediaEvent.updateConsumersSimulcastConfig,
      edge.UpdateConsumersSimulcastConfigRequest.fromPartial({
        requests: [{ mid: '2', simulcast: { preferredRid: 'h' } }],
      }),
    ),
    of(
      MediaEvent.renegotiateSessionDescription,
      media.RenegotiateRequest.fromPartial({ transportId: meetingId, description }),
    ),
    of(MediaEvent.globalPinPeer, { participantId: peerId }),
    of(MediaEvent.hostControlPeer, { participantId: peerId, audio: true, video: true, screeShare: true }),
    of(MediaEvent.hostControlAllPeers, { audio: true, video: true, screenShare: true }),
    of(
      MediaEvent.audioActivity,
      media.AudioActivityRequest.fromPartial({ producerId: meetingId, energy: 5 }),
    ),
  ];
}

type Random = () => number;
type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

const upTo = (random: Random, limit: number) => Math.floor(random() * limit);
const anyBytes = (random: Random, count: number) =>
  Uint8Array.from({ length: count }, () => upTo(random, 256));

function spliced(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
}

/** Ways to damage bytes; most leave them readable as protobuf here and there. */
const CHANGES: Change[] = [
  (bytes, random) => {
    const changed = Uint8Array.from(bytes);
    const at = upTo(random, changed.length);
    if (changed.length > 0) changed[at] = changed[at]! ^ (1 << upTo(random, 8));
    return changed;
  },
  (bytes, random) => bytes.subarray(0, upTo(random, bytes.length + 1)),
  (bytes, random) => spliced(bytes, upTo(random, bytes.length + 1), 0, anyBytes(random, 1 + upTo(random, 8))),
  (bytes, random) => spliced(bytes, upTo(random, bytes.length + 1), 1 + upTo(random, 4), new Uint8Array()),
  (bytes) => Buffer.concat([bytes, bytes]),
  // A number that does not fit, a group that never ends, a length beyond the end.
  (bytes) => Buffer.concat([bytes, Buffer.from([0x08, ...Array<number>(9).fill(0xff), 0x01])]),
  (bytes) => Buffer.concat([bytes, Buffer.alloc(40, 0x0b)]),
  (bytes) => Buffer.concat([bytes, Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x07])]),
  // Text that is no UTF-8, that the database refuses, or that is much longer than expected.
  (bytes) => Buffer.concat([bytes, Buffer.from([0x0a, 4, 0xc3, 0x28, 0xed, 0xa0])]),
  (bytes) => Buffer.concat([bytes, Buffer.from([0x12, 3, 0x61, 0x00, 0x62])]),
  (bytes) => Buffer.concat([bytes, Buffer.from([0x12, 0x80, 0x08]), Buffer.alloc(1024, 0x7e)]),
];

/** The share of frames that are left as they are: they change the state that the others meet. */
const HONEST = 0.05;
/**
 * What is answered with megabytes, asks the database, or ends the sender's own session: were these as frequent as the
 * others, most of the time would go into the loopback, into Postgres and into joining again.
 */
const SELDOM = new Set<number>([
  RoomEvent.joinRoom,
  RoomEvent.kickAll,
  ChatEvent.getMessages,
  ChatEvent.getPaginatedMessages,
  PollEvent.getPolls,
]);

function pick(all: Sample[], random: Random): Sample {
  const sample = all[upTo(random, all.length)]!;
  return SELDOM.has(sample.event) && random() < 0.95 ? pick(all, random) : sample;
}

/** A frame that can be opened, around a payload that is changed up to three times, of its own event or another's. */
export function mutatedFrame(all: Sample[], random: Random): Uint8Array {
  const { event, payload } = pick(all, random);
  let changed = payload;
  for (let count = random() < HONEST ? 0 : 1 + upTo(random, 3); count > 0; count--) {
    changed = CHANGES[upTo(random, CHANGES.length)]!(changed, random);
  }
  const chance = random();
  if (chance < 0.02) return encodeFrame(upTo(random, 2 ** 32), changed, 'mutated');
  if (chance < 0.1) return encodeFrame(pick(all, random).event, changed, 'mutated');
  return encodeFrame(event, changed, chance < 0.2 ? undefined : `mutated-${upTo(random, 1000)}`);
}

/** Bytes that are no frame, or one that is damaged all over. */
export function brokenFrame(all: Sample[], random: Random): Uint8Array {
  if (random() < 0.3) return anyBytes(random, upTo(random, 200));
  let frame = mutatedFrame(all, random);
  for (let count = 1 + upTo(random, 5); count > 0; count--) {
    frame = CHANGES[upTo(random, CHANGES.length)]!(frame, random);
  }
  return frame;
}
