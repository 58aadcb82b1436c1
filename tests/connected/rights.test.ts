import { RoomEvent, room } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import type { UpgradeRefused } from '../support/raw-socket.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { Person } from './person.js';

const DENIED = 'Your preset does not allow this';

describe.skipIf(!serverIsBuilt)('who may do what with connected meetings, and through which doors', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
    const rights = (alter: boolean, rooms: boolean, parent: boolean) => ({
      connected_meetings: {
        can_alter_connected_meetings: alter,
        can_switch_connected_meetings: rooms,
        can_switch_to_parent_meeting: parent,
      },
    });
    const newPreset = (name: string, permissions: object) =>
      stage.backend.newPreset(name, 'group_call_participant', { ...permissions });
    await newPreset('switcher', rights(false, true, false));
    await newPreset('returner', rights(false, false, true));
    await newPreset('waits', { waiting_room_type: 'SKIP_ON_ACCEPT' });
    await newPreset('ender', { ...rights(false, false, false), kick_participant: true });
  });
  afterAll(() => stage?.dispose());

  const presetId = async (name: string) => {
    const account = { account_id: stage.scope.account_id };
    const { data } = await stage.kit.presets.get(stage.scope.app_id, { ...account, per_page: 50 });
    return data!.find((preset) => preset.name === name)!.id!;
  };
  const family = async (settings: object = {}) => {
    const main = await stage.backend.newMeeting(settings);
    const host = await Person.enter(stage, main, 'Host', 'group_call_host');
    const [red, blue] = (await host.createRooms('Red', 'Blue')) as [string, string];
    return { main, host, red, blue };
  };
  const enter = (main: string, name: string, preset?: string) => Person.enter(stage, main, name, preset);

  test('the matrix of rights, for a client without an SDK (B09, R26, R27, R28)', async () => {
    const { main, host, red, blue } = await family();
    const guest = await enter(main, 'Guest');
    await expect(guest.createRooms('Green')).rejects.toThrow(DENIED);
    await expect(guest.deleteRooms(red)).rejects.toThrow(DENIED);
    await expect(guest.move(main, red, guest)).rejects.toThrow(DENIED);
    await expect(guest.move(main, red, host)).rejects.toThrow(DENIED);

    const switcher = await enter(main, 'Switcher', 'switcher');
    await expect(switcher.move(main, red, switcher, guest)).rejects.toThrow(DENIED);
    // A preset of one's own choice would be any right of one's own choice.
    const hostPreset = { id: switcher.id, presetId: await presetId('group_call_host') };
    await expect(switcher.move(main, red, hostPreset)).rejects.toThrow(DENIED);
    await switcher.move(main, red, switcher);
    await switcher.isIn(red);
    await expect(switcher.move(red, main, switcher)).rejects.toThrow(DENIED);
    await switcher.move(red, blue, switcher);
    await switcher.isIn(blue);

    const returner = await enter(main, 'Returner', 'returner');
    await expect(returner.move(main, red, returner)).rejects.toThrow(DENIED);
    await host.move(main, red, returner);
    await returner.isIn(red);
    await returner.move(red, main, returner);
    await returner.isIn(main);
  });

  test('what cannot be done is refused and changes nothing (B03, B04)', async () => {
    const { main, host, red } = await family();
    const other = await family();
    const guest = await enter(main, 'Guest');
    await expect(host.createRooms('')).rejects.toThrow('title');
    await expect(host.createRooms('x'.repeat(257))).rejects.toThrow('title');
    await expect(host.createRooms(...Array(99).fill('Room'))).rejects.toThrow('too many');
    await expect(host.move(main, other.red, guest)).rejects.toThrow('No such connected meeting');
    await expect(host.move(other.main, red, other.host)).rejects.toThrow('No such connected meeting');
    await expect(host.move(main, 'nonsense', guest)).rejects.toThrow('No such connected meeting');
    await expect(host.move(red, main, other.host)).rejects.toThrow('No such peer');
    for (const presetId of ['nonsense', 'a\0b']) {
      await expect(host.move(main, red, { id: guest.id, presetId })).rejects.toThrow('No such preset');
    }
    const foreign = await host.deleteRooms(other.red, 'nonsense');
    expect(foreign.map(({ error }) => error?.code)).toEqual(['room_unknown', 'room_unknown']);
    // Moving somebody to where he is has been done already.
    await host.move(main, red, guest);
    await host.move(main, red, guest);
    await guest.isIn(red);
    expect(guest.journey).toEqual([red]);
    expect((await other.host.rooms()).meetings).toHaveLength(2);
  });

  test('a token of a room opens it for who was moved there and as long as he is (B04, B11)', async () => {
    const { main, host, red, blue } = await family();
    const guest = await enter(main, 'Guest');
    const told = guest.peer.next(RoomEvent.transferPeer);
    await host.move(main, red, guest);
    const token = (await told).authToken!;
    await guest.isIn(red);
    expect(guest.peer.participantId).toBe(guest.id);
    await host.move(red, blue, guest);
    await guest.isIn(blue);
    const refusal = await stage.rawSocket({ token }).catch((error: UpgradeRefused) => error);
    expect((refusal as UpgradeRefused).error).toMatchObject({ code: 403, reason: 'other_meeting' });
    // His own token opens the main room, as after a reload of the page.
    const again = await stage.enterAgain(guest.participant);
    expect(again.state).toBe('joined');
  });

  test('moved people pass the waiting room, a lock, INACTIVE and a full house (B04, W04)', async () => {
    const { main, host, red } = await family({ max_participants: 3 } as object);
    const host2 = await presetId('waits');
    const ann = await enter(main, 'Ann', 'switcher');
    const tom = await enter(main, 'Tom', 'returner');
    await host.move(main, red, { id: ann.id, presetId: host2 }, { id: tom.id, presetId: host2 });
    await Promise.all([ann.isIn(red), tom.isIn(red)]);

    // Who is in a room keeps his seat in the main one.
    const late = stage.peer(await stage.invite(main, 'Late'));
    await late.connect();
    await expect(late.join()).rejects.toThrow('too many');
    const scope = { ...stage.scope };
    await stage.kit.meetings.updateMeetingByID(main, { ...scope, locked: true, status: 'INACTIVE' } as never);
    await host.move(red, main, ann, tom);
    await Promise.all([ann.isIn(main), tom.isIn(main)]);
    // And in the main room he has his own preset again.
    await expect(ann.move(main, red, tom)).rejects.toThrow(DENIED);
    await ann.move(main, red, ann);
    await ann.isIn(red);
  });

  test('a block and a deletion reach people in rooms (B01, SE03)', async () => {
    const { main, host, red } = await family();
    const ann = await enter(main, 'Ann');
    const tom = await enter(main, 'Tom');
    await host.move(main, red, ann, tom);
    await Promise.all([ann.isIn(red), tom.isIn(red)]);
    const path = `/accounts/${stage.scope.account_id}/realtime/kit/${stage.scope.app_id}/meetings/${main}`;
    await stage.backend.client.post(`${path}/blocks`, { body: { participant_id: ann.id } });
    await ann.peer.reached('kicked');
    await expect(host.move(red, main, ann)).rejects.toThrow('No such peer');
    await stage.kit.meetings.deleteMeetingParticipant(tom.id, { ...stage.scope, meeting_id: main });
    await tom.peer.reached('kicked');
  });

  test('kick and mute by the main meeting find people in rooms and on the way (K02-K04, K28, X06, X09)', async () => {
    const { main, host, red, blue } = await family();
    const ann = await enter(main, 'Ann');
    const tom = await enter(main, 'Tom');
    const eve = await enter(main, 'Eve');
    await host.move(main, red, ann, eve);
    await host.move(main, blue, tom);
    await Promise.all([ann.isIn(red), eve.isIn(red), tom.isIn(blue)]);
    const kick = async (...who: Person[]) => {
      const participant_ids = who.map(({ id }) => id);
      const body = { ...stage.scope, participant_ids, custom_participant_ids: [] };
      const { data } = await stage.kit.activeSession.kickParticipants(main, body);
      return data!.participants!.map(({ id }) => id).toSorted();
    };
    const path = `/accounts/${stage.scope.account_id}/realtime/kit/${stage.scope.app_id}/meetings/${main}`;
    const body = { participant_ids: [eve.id, host.id], custom_participant_ids: [] };
    const muted = await stage.backend.client.post<{ data: { participants: { id: string }[] } }>(
      `${path}/active-session/mute`,
      { body },
    );
    expect(muted.data.participants.map(({ id }) => id).toSorted()).toEqual([eve.id, host.id].toSorted());

    expect(await kick(ann, tom)).toEqual([ann.id, tom.id].toSorted());
    expect([ann.peer.state, tom.peer.state]).toEqual(['kicked', 'kicked']);
    expect([eve.peer.state, host.peer.state]).toEqual(['joined', 'joined']);
    await host.move(red, blue, eve);
    expect(await kick(eve)).toEqual([eve.id]);
    await eve.peer.reached('kicked');
    await expect(kick(eve)).rejects.toMatchObject({ status: 404 });
  });

  test('a kick that blocks puts people in rooms out of all of them; a lock keeps their seats (X06)', async () => {
    const { main, host, red } = await family();
    const ann = await enter(main, 'Ann');
    const tom = await enter(main, 'Tom');
    await host.move(main, red, ann, tom);
    await Promise.all([ann.isIn(red), tom.isIn(red)]);
    const body = { ...stage.scope, participant_ids: [ann.id], custom_participant_ids: [], block: true };
    await stage.kit.activeSession.kickParticipants(main, body);
    await ann.peer.reached('kicked');
    await expect(stage.rawSocket(ann.participant)).rejects.toMatchObject({
      status: 403,
      error: { reason: 'participant_blocked' },
    });

    await stage.kit.meetings.updateMeetingByID(main, { ...stage.scope, locked: true } as never);
    await expect(stage.rawSocket(await stage.invite(main, 'Late'))).rejects.toMatchObject({
      error: { reason: 'meeting_locked' },
    });
    // He reloads the page, which his own token leads to the main room.
    const again = await stage.enterAgain(tom.participant);
    expect(again.state).toBe('joined');
  });

  test('kick-all from a room: everywhere with full access, else the room alone (S32, E06, E10)', async () => {
    const { main, host, red, blue } = await family();
    const ender = await enter(main, 'Ender', 'ender');
    const ann = await enter(main, 'Ann');
    const tom = await enter(main, 'Tom');
    await host.move(main, red, ender, ann);
    await host.move(main, blue, tom);
    await Promise.all([ender.isIn(red), ann.isIn(red), tom.isIn(blue)]);
    ender.peer.kickAll();
    await Promise.all([ender.peer.reached('ended'), ann.peer.reached('ended')]);
    expect(tom.peer.state).toBe('joined');
    expect(host.peer.state).toBe('joined');

    const guest = await enter(main, 'Guest');
    await host.move(main, blue, host);
    await host.isIn(blue);
    host.peer.kickAll();
    for (const person of [host, tom, guest]) await person.peer.reached('ended');
    expect(await stage.activeSession(main)).toBeNull();
  });

  test('a broadcast to meetings reaches everybody there, and nobody elsewhere (B13)', async () => {
    const { main, host, red, blue } = await family();
    const ann = await enter(main, 'Ann');
    const tom = await enter(main, 'Tom');
    await host.move(main, red, ann);
    await ann.isIn(red);
    const heard = ann.peer.next(RoomEvent.broadcastToEntity);
    let tomHeard = 0;
    tom.peer.on('frame', ({ event }) => {
      if (event === RoomEvent.broadcastToEntity) tomHeard++;
    });
    const message = { type: 'time', payload: new TextEncoder().encode('{"left":5}'), timestamp: 0 };
    const to = (ids: string[]) => ({ ...message, ids, broadcastType: room.BroadcastType.ROOMS });
    await host.peer.request(RoomEvent.broadcastToEntity, to([red, blue]));
    const { type, payload } = await heard;
    expect([type, new TextDecoder().decode(payload)]).toEqual(['time', '{"left":5}']);
    expect(tomHeard).toBe(0);
    const other = await family();
    await expect(host.peer.request(RoomEvent.broadcastToEntity, to([other.red]))).rejects.toThrow(
      'No such connected meeting',
    );
  });

  test('the list: the 71st request in a minute is one too many, and guests learn of nobody too early (B14)', async () => {
    const main = await stage.backend.newMeeting();
    const host = await enter(main, 'Host', 'group_call_host');
    const guest = await enter(main, 'Guest');
    expect((await host.rooms()).parentMeeting!.participants).toHaveLength(2);
    expect((await guest.rooms()).parentMeeting).toMatchObject({ id: main, participants: [] });
    const many = Array.from({ length: 70 }, () =>
      guest.rooms().then(
        () => true,
        () => false,
      ),
    );
    const answered = (await Promise.all(many)).filter(Boolean).length;
    expect(answered).toBeGreaterThanOrEqual(58);
    expect(answered).toBeLessThan(70);
    await until('the guest is still in', () => guest.peer.state === 'joined');
  });
});
