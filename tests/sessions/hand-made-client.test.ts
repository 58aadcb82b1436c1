import {
  ChatEvent,
  type ClientEvent,
  type ClientMessage,
  edge,
  encodeFrame,
  MediaEvent,
  media,
  PollEvent,
  PresetEvent,
  preset,
  RoomEvent,
  room,
  StoreEvent,
} from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const NOTHING = 'has no right to anything';
const NOT_ALLOWED = 'Your preset does not allow this';
const NOT_JOINED = 'You have not joined the session';

type Forbidden = [what: string, ask: (socket: RawSocket, victim: Victim) => Promise<string | null>];
interface Victim {
  peerId: string;
  participantId: string;
  meetingId: string;
}

/** One request of a client that skips the SDK's checks. */
const forbidden = <E extends ClientEvent>(
  what: string,
  event: E,
  message?: (victim: Victim) => ClientMessage<E>,
): Forbidden => [
  what,
  (socket, victim) => socket.refusalOf<E>(event, ...((message ? [message(victim)] : []) as never)),
];

const userIds = ({ participantId }: Victim) => ({ userIds: [participantId] });
const produce = (kind: string, screenShare: boolean) => () =>
  edge.ProducerCreateRequest.fromPartial({
    kind,
    screenShare,
    appData: '{"mid":"2"}',
    description: { target: 0, type: 'offer', sdp: 'v=0' },
  });

/** Every request that some permission of a preset stands before. */
const NEEDS_A_RIGHT: Forbidden[] = [
  forbidden('kick one (R01)', RoomEvent.kick, ({ peerId }) => ({ peerIds: [peerId] })),
  forbidden('kick all (E10)', RoomEvent.kickAll, () => ({ propagateKickAcrossRooms: true })),
  forbidden('mute one (R02)', MediaEvent.hostControlPeer, ({ peerId }) => ({
    participantId: peerId,
    audio: true,
    video: false,
    screeShare: false,
  })),
  forbidden('switch one camera off (R03)', MediaEvent.hostControlPeer, ({ peerId }) => ({
    participantId: peerId,
    audio: false,
    video: true,
    screeShare: false,
  })),
  forbidden('stop one share (R04)', MediaEvent.hostControlPeer, ({ peerId }) => ({
    participantId: peerId,
    audio: false,
    video: false,
    screeShare: true,
  })),
  forbidden('mute all (R02)', MediaEvent.hostControlAllPeers, () => ({
    audio: true,
    video: true,
    screenShare: true,
  })),
  forbidden('pin (R05)', MediaEvent.globalPinPeer, ({ peerId }) => ({ participantId: peerId })),
  forbidden('accept who waits (R09)', RoomEvent.acceptWaitingRoomRequests, userIds),
  forbidden('deny who waits (R09)', RoomEvent.denyWaitingRoomRequests, userIds),
  forbidden('grant the stage (R11)', RoomEvent.grantStageAccess, userIds),
  forbidden('deny the stage (R11)', RoomEvent.denyStageAccess, userIds),
  forbidden('take from the stage (R11)', RoomEvent.leaveStage, userIds),
  forbidden('send audio (R13)', MediaEvent.produce, produce('audio', false)),
  forbidden('send video (R14)', MediaEvent.produce, produce('video', false)),
  forbidden('share the screen (R15)', MediaEvent.produce, produce('video', true)),
  forbidden('chat (R16)', ChatEvent.sendMessageToRoom, () => ({ payloadType: 0, payload: 'hello' })),
  forbidden('chat in private (R19)', ChatEvent.sendMessageToPeers, ({ peerId }) => ({
    payloadType: 0,
    payload: 'psst',
    peerIds: [peerId],
  })),
  forbidden('make a poll (R21)', PollEvent.createPoll, () => ({
    question: 'Which?',
    options: ['a', 'b'],
    anonymous: false,
    hideVotes: false,
    createdBy: '',
  })),
  forbidden('change permissions (R33)', PresetEvent.updateUserPreset, (victim) =>
    preset.UpdatePeersPresetRequest.fromPartial({
      updatePeersPresets: [{ userIds: victim.participantId, patch: { kickParticipant: true } }],
    }),
  ),
];

/** What everybody may do who is in, and nobody who is not. */
const NEEDS_A_PLACE: Forbidden[] = [
  forbidden('complete the media join', MediaEvent.selfJoinComplete, () => ({})),
  forbidden('broadcast', RoomEvent.broadcastMessage, () =>
    room.BroadcastMessage.fromPartial({ type: 'wave', payload: Buffer.from('{}') }),
  ),
  forbidden('broadcast to some', RoomEvent.broadcastToEntity, ({ peerId }) =>
    room.BroadcastMessage.fromPartial({ type: 'wave', payload: Buffer.from('{}'), ids: [peerId] }),
  ),
  forbidden('write to a store', StoreEvent.storeInsertKeys, ({ meetingId }) => ({
    pluginId: meetingId,
    storeName: 'notes',
    insertKeys: [{ storeKey: 'a', payload: Buffer.from('1') }],
  })),
  forbidden('read older messages', ChatEvent.getPaginatedMessages, () => ({
    timeStamp: 0,
    size: 10,
    from: 0,
    reversed: false,
  })),
  forbidden('read others’ permissions', PresetEvent.getUserPresets, userIds),
  forbidden('vote', PollEvent.votePoll, () => ({ pollId: 'none', index: 0 })),
  forbidden('ask for the stage', RoomEvent.requestStageAccess),
];

describe.skipIf(!serverIsBuilt)('a client that skips every check of the SDK', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
    const never = { can_produce: 'NOT_ALLOWED' };
    await stage.backend.newPreset(NOTHING, 'group_call_participant', {
      chat: {
        public: { can_send: false, text: false, files: false },
        private: { can_send: false, can_receive: false, text: false, files: false },
      },
      media: { audio: never, video: never, screenshare: never },
      polls: { can_create: false, can_vote: false, can_view: false },
    });
  });
  afterAll(() => stage?.dispose());

  /** A meeting with somebody in it to whom all of it must not happen. */
  async function withVictim(presetName: string) {
    const meeting = await stage.backend.newMeeting();
    const victim = await stage.rawSocket(await stage.invite(meeting, 'Mary', 'group_call_host'));
    await victim.join('Mary');
    const socket = await stage.rawSocket(await stage.invite(meeting, 'Eve', presetName));
    const target = { peerId: victim.peerId, participantId: victim.participantId, meetingId: meeting };
    return { meeting, victim, socket, target };
  }

  test('and has no right is refused everything that needs one, and nobody notices (E06, E10, R01-R33)', async () => {
    const { meeting, victim, socket, target } = await withVictim(NOTHING);
    expect(await socket.join('Eve')).toBeNull();
    await victim.refusalOf(RoomEvent.getRoomInfo);
    const before = victim.frames.length;
    const refusals: [string, string | null][] = [];
    for (const [what, ask] of NEEDS_A_RIGHT) refusals.push([what, await ask(socket, target)]);
    expect(refusals).toEqual(NEEDS_A_RIGHT.map(([what]) => [what, NOT_ALLOWED]));

    await victim.refusalOf(RoomEvent.getRoomInfo);
    expect(victim.frames).toHaveLength(before + 1);
    expect(victim.close).toBeNull();
    expect(await stage.activeSession(meeting)).toMatchObject({ status: 'LIVE', live_participants: 2 });
  });

  test('and has every right but has not joined is refused everything (E10, S33)', async () => {
    const { victim, socket, target } = await withVictim('group_call_host');
    await victim.refusalOf(RoomEvent.getRoomInfo);
    const before = victim.frames.length;
    const refusals: [string, string | null][] = [];
    const all = [...NEEDS_A_RIGHT, ...NEEDS_A_PLACE];
    for (const [what, ask] of all) refusals.push([what, await ask(socket, target)]);
    expect(refusals).toEqual(all.map(([what]) => [what, NOT_JOINED]));
    await victim.refusalOf(RoomEvent.getRoomInfo);
    expect(victim.frames).toHaveLength(before + 1);
  });

  test('and watches a livestream gets no media before it is let on the stage (LS08, S44)', async () => {
    const { socket } = await withVictim('livestream_viewer');
    expect(await socket.join('Eve')).toBeNull();
    const asks = [
      forbidden('connect', MediaEvent.createWebRTCTransport, () =>
        media.CreateTransportRequest.fromPartial({
          consuming: true,
          description: { target: 1, type: 'offer', sdp: 'v=0' },
        }),
      ),
      forbidden('complete the media join', MediaEvent.selfJoinComplete, () => ({})),
      forbidden('consume', MediaEvent.consume, () => edge.ConsumePeersRequest.fromPartial({})),
      forbidden('send', MediaEvent.produce, produce('video', false)),
    ];
    for (const [what, ask] of asks) {
      const refusal = await ask(socket, { peerId: '', participantId: '', meetingId: '' });
      expect([what, refusal]).toEqual([what, 'You are not on the stage']);
    }
  });

  test('and wishes for layers where it has nothing to receive by is not refused, which the SDK would throw at nobody', async () => {
    const { socket } = await withVictim('group_call_participant');
    const message = edge.UpdateConsumersSimulcastConfigRequest.fromPartial({
      requests: [{ mid: '1', simulcast: { preferredRid: 'q' } }],
      consumingTransportId: '813432c7-3c5a-45e2-9acf-eef7061c7584',
    });
    expect(await socket.refusalOf(MediaEvent.updateConsumersSimulcastConfig, message)).toBeNull();
    await socket.join('Eve');
    expect(await socket.refusalOf(MediaEvent.updateConsumersSimulcastConfig, message)).toBeNull();
  });

  test.each(['', '  ', '\0'])(
    'and joins as %j keeps the name that the backend gave it (R29, V17)',
    async (name) => {
      const { victim, socket } = await withVictim('group_call_participant');
      await socket.join(name);
      await until('it is told', () => victim.received(RoomEvent.joinRoom).length === 2);
      expect(victim.received(RoomEvent.joinRoom)[1]?.peer?.displayName).toBe('Eve');
    },
  );

  test('and names another peer or participant in its join is still itself (C14, SE11)', async () => {
    const { victim, socket } = await withVictim('group_call_participant');
    const claimed = {
      peerId: victim.peerId,
      userId: victim.participantId,
      customParticipantId: 'custom-Mary',
      displayName: 'Eve',
      presetId: '813432c7-3c5a-45e2-9acf-eef7061c7584',
    };
    await socket.refusalOf(RoomEvent.joinRoom, room.JoinRoomRequest.fromPartial({ peer: claimed }));
    const [answer] = socket.received(RoomEvent.joinRoom);
    expect(answer?.peer).toMatchObject({
      peerId: socket.peerId,
      userId: socket.participantId,
      customParticipantId: 'custom-Eve',
      displayName: 'Eve',
    });
  });

  test('and sends what is no request is told so, and may go on (S25, S26)', async () => {
    const { socket } = await withVictim('group_call_participant');
    await socket.join('Eve');
    const odd: [number, Uint8Array, RegExp][] = [
      [4711, new Uint8Array(), /does not know this event/],
      [RoomEvent.transferPeer, new Uint8Array(), /does not know this event/],
      [0xffffffff, Buffer.from('x'), /does not know this event/],
      [RoomEvent.joinRoom, Buffer.from([0x0a, 0xff]), /malformed/],
      [ChatEvent.sendMessageToRoom, Buffer.from([0x12, 0x7f, 0x01]), /malformed/],
      [MediaEvent.createWebRTCTransport, new Uint8Array(), /malformed/],
    ];
    for (const [index, [event, payload, sentence]] of odd.entries()) {
      const id = `odd-${index}`;
      socket.sendBytes(encodeFrame(event, payload, id));
      const answer = await until(`the answer to ${id}`, () => socket.frames.find((frame) => frame.id === id));
      expect(answer.event).toBe(MediaEvent.errorResponse);
      const { errorMessage, eventId } = edge.ErrorResponse.decode(answer.payload);
      expect(errorMessage).toMatch(sentence);
      expect(eventId).toBe(event | 0);
    }
    expect(socket.close).toBeNull();
  });

  test('and asks again and again is held to the limits, and then put out (S41, T11)', async () => {
    const { meeting, victim, socket } = await withVictim('group_call_participant');
    await socket.join('Eve');
    for (let count = 0; count < 2000; count++) socket.send(RoomEvent.getRoomInfo);
    const { code } = await socket.closed;
    expect(code).toBe(1008);
    const answered = socket.received(RoomEvent.getRoomInfo).length;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(1000);
    expect(await victim.refusalOf(RoomEvent.getRoomInfo)).toBeNull();
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 2 });
  });
});
