import { ChatEvent, MediaEvent, RoomEvent, room, StoreEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const ACCEPT = 'waits until accepted';
const PRIVILEGED = 'waits for a privileged person';

describe.skipIf(!serverIsBuilt)('the waiting room, as the socket shows it', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
    for (const [name, waiting_room_type] of [
      [ACCEPT, 'SKIP_ON_ACCEPT'],
      [PRIVILEGED, 'ON_PRIVILEGED_USER_ENTRY'],
    ] as const) {
      await stage.backend.newPreset(name, 'group_call_participant', { waiting_room_type });
    }
  });
  afterAll(() => stage?.dispose());

  const waitingList = async (host: Awaited<ReturnType<SessionStage['enter']>>) =>
    (await host.request(RoomEvent.getWaitingRoomRequests)).requests.map(({ displayName }) => displayName);

  test('who waits learns nothing of those inside, and they nothing of him (W01, W10)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host', { roster: true });
    const storeItem = { storeKey: 'topic', payload: Buffer.from('"secret"') };
    await host.request(StoreEvent.storeInsertKeys, {
      pluginId: meeting,
      storeName: 'notes',
      insertKeys: [storeItem],
    });
    const guest = await stage.rawSocket(await stage.invite(meeting, 'Tom', ACCEPT));
    expect(await guest.join('Tom')).toBeNull();
    const [answer] = guest.received(RoomEvent.joinRoom);
    expect(answer?.peer).toMatchObject({ peerId: guest.peerId, waitlisted: true });

    host.chat('we are alone');
    await host.next(ChatEvent.sendMessageToRoom);
    const tom = await stage.enter(meeting, 'Tom too');
    const before = guest.frames.length;
    await guest.refusalOf(RoomEvent.getRoomPeersInfo, room.RoomPeersInfoRequest.create());
    await guest.refusalOf(ChatEvent.getMessages);
    await guest.refusalOf(StoreEvent.storeGetKeys, { pluginId: meeting, storeName: 'notes', getKeys: [] });
    expect(guest.frames).toHaveLength(before + 3);
    expect(guest.received(RoomEvent.getRoomPeersInfo)).toEqual([{ peers: [] }]);
    expect(guest.received(ChatEvent.getMessages)).toEqual([{ messages: [] }]);
    expect(guest.received(StoreEvent.storeGetKeys)[0]?.storeItems).toEqual([]);
    for (const event of [RoomEvent.leaveRoom, MediaEvent.peerJoinedBroadcast, ChatEvent.sendMessageToRoom]) {
      expect(guest.received(event)).toEqual([]);
    }
    expect(await guest.refusalOf(MediaEvent.selfJoinComplete, {})).toBe('You have not joined the session');
    expect(await guest.refusalOf(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: 'hi' })).toBe(
      'You have not joined the session',
    );
    expect([...host.roster!.keys()]).toEqual([tom.peerId]);
    expect(await stage.activeSession(meeting)).toMatchObject({ live_participants: 2 });
  });

  test('waiting alone starts no session, and costs nothing (W10, OQ07)', async () => {
    const meeting = await stage.backend.newMeeting();
    const guest = await stage.enter(meeting, 'Tom', PRIVILEGED);
    expect(guest.state).toBe('waitlisted');
    expect(await stage.activeSession(meeting)).toBeNull();
    expect(await stage.sessionsOf(meeting)).toEqual([]);
  });

  test('SKIP_ON_ACCEPT waits, also for a host who is there, until accepted (W02, W05)', async () => {
    const meeting = await stage.backend.newMeeting();
    const early = await stage.enter(meeting, 'Early', ACCEPT);
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    expect(await waitingList(host)).toEqual(['Early']);
    const listed = host.next(RoomEvent.getWaitingRoomRequests, ({ requests }) => requests.length === 2);
    const late = await stage.enter(meeting, 'Late', ACCEPT);
    expect((await listed).requests.map(({ userId }) => userId)).toEqual([
      early.participantId,
      late.participantId,
    ]);
    expect([early.state, late.state]).toEqual(['waitlisted', 'waitlisted']);

    const left = host.next(RoomEvent.getWaitingRoomRequests, ({ requests }) => requests.length === 1);
    host.admit(early.participantId);
    await early.reached('joined');
    expect((await left).requests.map(({ userId }) => userId)).toEqual([late.participantId]);
    expect(late.state).toBe('waitlisted');
    late.leave();
    await host.next(RoomEvent.getWaitingRoomRequests, ({ requests }) => requests.length === 0);
  });

  test('ON_PRIVILEGED_USER_ENTRY waits until one enters, and needs nobody afterwards (W03)', async () => {
    const meeting = await stage.backend.newMeeting();
    const guest = await stage.enter(meeting, 'Tom', PRIVILEGED);
    await stage.enter(meeting, 'Ann', 'group_call_participant');
    expect(guest.state).toBe('waitlisted');
    await stage.enter(meeting, 'Mary', 'group_call_host');
    await guest.reached('joined');
    expect((await stage.enter(meeting, 'Bob', PRIVILEGED)).state).toBe('joined');
  });

  test('SKIP goes straight in, and so do those whose own preset lets them open the door (W04)', async () => {
    const meeting = await stage.backend.newMeeting();
    expect((await stage.enter(meeting, 'Tom')).state).toBe('joined');
    await stage.backend.newPreset('doorkeeper', 'group_call_host', {
      waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY',
    });
    expect((await stage.enter(meeting, 'Mary', 'doorkeeper')).state).toBe('joined');
  });

  test('many are accepted at once, one is turned away (W06, W07)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host', { roster: true });
    const guests = await Promise.all(
      Array.from({ length: 10 }, (_, index) => stage.enter(meeting, `Guest ${index}`, ACCEPT)),
    );
    const unwanted = await stage.enter(meeting, 'Unwanted', ACCEPT);
    host.admit(...guests.map(({ participantId }) => participantId));
    host.deny(unwanted.participantId);
    await Promise.all([...guests.map((guest) => guest.reached('joined')), unwanted.reached('rejected')]);
    await until('the host sees them', () => host.roster?.size === 10);
    expect(await waitingList(host)).toEqual([]);
  });

  test('what a host does to people inside does not reach who waits (W08)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.rawSocket(await stage.invite(meeting, 'Mary', 'group_call_host'));
    await host.join('Mary');
    const guest = await stage.enter(meeting, 'Tom', ACCEPT);
    expect(await host.refusalOf(MediaEvent.globalPinPeer, { participantId: guest.peerId })).toBe(
      'No such peer in the session',
    );
    await host.refusalOf(MediaEvent.hostControlPeer, {
      participantId: guest.peerId,
      audio: true,
      video: true,
      screeShare: false,
    });
    expect(guest.state).toBe('waitlisted');
  });

  test('who was turned away may ask again, on the same socket too (W07, W11)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.rawSocket(await stage.invite(meeting, 'Tom', ACCEPT));
    for (const round of [1, 2]) {
      await guest.join('Tom');
      host.deny(guest.participantId);
      await until('the denial arrives', () => {
        return guest.received(RoomEvent.waitingRoomRequestDenied).length === round;
      });
    }
    await guest.join('Tom');
    host.admit(guest.participantId);
    await guest.sees(RoomEvent.waitingRoomRequestAccepted);
    await guest.join('Tom');
    expect(guest.received(RoomEvent.joinRoom).map(({ peer }) => peer?.waitlisted)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(guest.close).toBeNull();
  });

  test('a kick by the backend and INACTIVE send those who wait away (W11, OQ22, X07)', async () => {
    const meeting = await stage.backend.newMeeting();
    await stage.enter(meeting, 'Mary', 'group_call_host');
    const [tom, ann] = [await stage.enter(meeting, 'Tom', ACCEPT), await stage.enter(meeting, 'Ann', ACCEPT)];
    await stage.backend.kick(meeting, tom.participantId);
    await tom.reached('rejected');
    expect(ann.state).toBe('waitlisted');
    await stage.backend.setStatus(meeting, 'INACTIVE');
    await ann.reached('rejected');
  });

  test('only those with the right see the list and open the door (R09, E10)', async () => {
    const meeting = await stage.backend.newMeeting();
    const insider = await stage.rawSocket(await stage.invite(meeting, 'Eve'));
    await insider.join('Eve');
    const guest = await stage.enter(meeting, 'Tom', ACCEPT);
    for (const event of [RoomEvent.acceptWaitingRoomRequests, RoomEvent.denyWaitingRoomRequests] as const) {
      const userIds = [guest.participantId];
      expect(await insider.refusalOf(event, { userIds })).toBe('Your preset does not allow this');
    }
    await insider.refusalOf(RoomEvent.getWaitingRoomRequests);
    expect(insider.received(RoomEvent.getWaitingRoomRequests)).toEqual([{ requests: [] }]);
    expect(guest.state).toBe('waitlisted');
  });
});
