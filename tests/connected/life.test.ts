import { RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { Person } from './person.js';

describe.skipIf(!serverIsBuilt)('the life of connected meetings', () => {
  let stage: SessionStage;
  let receiver: Receiver;
  beforeAll(async () => {
    stage = await startSessionStage();
    receiver = await startReceiver(stage.backend);
  });
  afterAll(async () => {
    await stage?.dispose();
    await receiver?.close();
  });

  const family = async (keepAliveSecs = 60) => {
    const main = await stage.backend.newMeeting({ session_keep_alive_time_in_secs: keepAliveSecs });
    const host = await Person.enter(stage, main, 'Host', 'group_call_host');
    const ann = await Person.enter(stage, main, 'Ann');
    const [red, blue] = (await host.createRooms('Red', 'Blue')) as [string, string];
    return { main, host, ann, red, blue };
  };
  const hasEnded = (meeting: string) =>
    until(`the end of ${meeting}`, async () => (await stage.activeSession(meeting)) === null);

  const mainRoom = async () => {
    const main = await stage.backend.newMeeting();
    const host = await Person.enter(stage, main, 'Host', 'group_call_host');
    const ann = await Person.enter(stage, main, 'Ann');
    const tom = await Person.enter(stage, main, 'Tom');
    return { main, host, ann, tom };
  };

  test('rooms are made, people moved there and back, rooms deleted (B01-B04, B07, B08, B11)', async () => {
    const { main, host, ann, tom } = await mainRoom();
    const [red, blue] = await host.createRooms('Red', 'Blue');
    await host.move(main, red!, ann, tom);
    await Promise.all([ann.isIn(red!), tom.isIn(red!)]);
    const list = await host.rooms();
    for (const room of list.meetings) room.participants.sort((a, b) => a.id!.localeCompare(b.id!));
    expect(list.parentMeeting).toMatchObject({
      id: main,
      title: 'Test meeting',
      participants: [{ id: host.id }],
    });
    expect(list.meetings).toMatchObject([
      { id: red, title: 'Red', participants: [{ id: ann.id }, { id: tom.id }] },
      { id: blue, title: 'Blue', participants: [] },
    ]);
    await host.move(red!, blue!, tom);
    await tom.isIn(blue!);
    await host.move(blue!, main, tom);
    await tom.isIn(main);
    expect(tom.journey).toEqual([red, blue, main]);
    const deleted = await host.deleteRooms(red!, blue!);
    expect(deleted).toMatchObject([{ id: red, status: 'INACTIVE' }, { id: blue }]);
    await ann.isIn(main);
    const left = await host.rooms();
    expect(left.meetings).toEqual([]);
    expect(left.parentMeeting!.participants.map((one) => one.id).toSorted()).toEqual(
      [host.id, ann.id, tom.id].toSorted(),
    );
  });

  test('who closes the rooms from inside of one moves himself first, and the rest is done as well (B04, B08)', async () => {
    const { main, host, ann, tom } = await mainRoom();
    const [red, blue] = (await host.createRooms('Red', 'Blue')) as [string, string];
    // What is answered after the client has gone reaches nobody.
    await Promise.allSettled([host.move(main, red, ann, host), host.move(main, blue, tom)]);
    await Promise.all([host.isIn(red), ann.isIn(red), tom.isIn(blue)]);
    await Promise.all([host, ann, tom].map((person) => person.rooms()));
    // As the kit does: all in one go.
    await Promise.allSettled([
      host.move(red, main, host, ann),
      host.move(blue, main, tom),
      host.deleteRooms(red, blue),
    ]);
    await Promise.all([host.isIn(main), ann.isIn(main), tom.isIn(main)]);
    await until('no room is left', async () => (await host.rooms()).meetings.length === 0);
  });

  test('kick-all across rooms puts everybody out (S32, E11)', async () => {
    const { main, host, ann, tom } = await mainRoom();
    const [red, blue] = await host.createRooms('Red', 'Blue');
    await host.move(main, red!, ann);
    await host.move(main, blue!, tom);
    await Promise.all([ann.isIn(red!), tom.isIn(blue!)]);
    host.peer.kickAll();
    for (const person of [host, ann, tom]) await person.peer.reached('ended');
    for (const meeting of [main, red!, blue!]) {
      await until('no session', async () => (await stage.activeSession(meeting)) === null);
    }
  });

  test('the main session goes on while people are in rooms, and ends after the last of them (L02, L03, B01)', async () => {
    const { main, host, ann, red } = await family(0);
    const { id } = (await stage.activeSession(main))!;
    await host.move(main, red, host, ann);
    await Promise.all([host.isIn(red), ann.isIn(red)]);
    expect(await stage.activeSession(main)).toMatchObject({ id, live_participants: 0 });
    await host.move(red, main, ann);
    await ann.isIn(main);
    expect((await stage.activeSession(main))?.id).toBe(id);
    host.peer.leave();
    await hasEnded(red);
    expect((await stage.activeSession(main))?.id).toBe(id);
    ann.peer.leave();
    await hasEnded(main);
  });

  test('each meeting has its session, its webhooks and its place in the records (B01, B12, WB04)', async () => {
    const { main, host, ann, red } = await family();
    await host.move(main, red, ann);
    await ann.isIn(red);
    const [session, ofRoom] = [(await stage.activeSession(main))!, (await stage.activeSession(red))!];
    expect(ofRoom).toMatchObject({ associated_id: red, meeting_display_name: 'Red', live_participants: 1 });
    const details = await stage.kit.sessions.getSessionDetails(session.id, {
      ...stage.scope,
      include_breakout_rooms: true,
    });
    expect((details.data as { breakout_rooms?: unknown[] }).breakout_rooms).toMatchObject([
      { id: ofRoom.id, associated_id: red, status: 'LIVE' },
    ]);
    const people = await stage.kit.sessions.getSessionParticipants(session.id, {
      ...stage.scope,
      view: 'consolidated',
    });
    expect(people.data!.participants!.map(({ user_id }) => user_id).toSorted()).toEqual(
      [host.id, ann.id].toSorted(),
    );
    await stage.backend.kickAll(main);
    await Promise.all([host.peer.reached('ended'), ann.peer.reached('ended')]);
    for (const meeting of [main, red]) await receiver.sawEvent(meeting, 'meeting.ended');
    const ofMeeting = (meeting: string) =>
      receiver.of(meeting).map(({ event }) => event.replace('meeting.', ''));
    expect(ofMeeting(red).toSorted()).toEqual(['ended', 'participantJoined', 'participantLeft', 'started']);
    expect(ofMeeting(main).filter((event) => event === 'participantLeft')).toHaveLength(2);
  });

  test('kick-all by the backend: of the main meeting everywhere, of a room there alone (E13, E15)', async () => {
    const { main, host, ann, red, blue } = await family();
    const tom = await Person.enter(stage, main, 'Tom');
    await host.move(main, red, ann);
    await host.move(main, blue, tom);
    await Promise.all([ann.isIn(red), tom.isIn(blue)]);
    await stage.backend.kickAll(red);
    await ann.peer.reached('ended');
    expect([host.peer.state, tom.peer.state]).toEqual(['joined', 'joined']);
    const { data } = await stage.kit.activeSession.kickAllParticipants(main, stage.scope);
    expect(data!.kicked_participants_count).toBe(2);
    await Promise.all([host.peer.reached('ended'), tom.peer.reached('ended')]);
    expect(await stage.activeSession(blue)).toBeNull();
    // The rooms are still there for the next session.
    const next = await stage.enter(main, 'Next', 'group_call_host');
    const list = await next.request(RoomEvent.getConnectedRoomsDump);
    expect(list.meetings.map(({ title }) => title)).toEqual(['Red', 'Blue']);
  });

  test('the time of the main meeting is that of its rooms: all are warned and all end (B01, E15)', async () => {
    const { main, host, ann, red } = await family();
    const tom = await Person.enter(stage, main, 'Tom');
    const isSoon = ({ type, payload }: { type: string; payload: Uint8Array }) => {
      const { secondsLeft } = JSON.parse(new TextDecoder().decode(payload));
      return type === 'parley.timeLimit' && secondsLeft <= 60;
    };
    const warning = ({ peer }: Person) => peer.next(RoomEvent.broadcastMessage, isSoon);
    const limit = async (ends_at: string | null) => {
      await stage.kit.meetings.updateMeetingByID(main, { ...stage.scope, ends_at } as never);
    };
    const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
    await host.move(main, red, ann);
    await ann.isIn(red);
    const warned = Promise.all([warning(host), warning(ann)]);
    await limit(inMs(61_000));
    await warned;
    // Who comes into another room afterwards is told there.
    const [green] = await host.createRooms('Green');
    const arrived = tom.peer.next(RoomEvent.transferPeer).then(() => warning(tom));
    await host.move(main, green!, tom);
    await arrived;
    await tom.isIn(green!);
    const [over, ofRoom] = [(await stage.activeSession(main))!, (await stage.activeSession(red))!];
    await limit(inMs(500));
    for (const person of [host, ann, tom]) await person.peer.reached('ended');
    await hasEnded(green!);
    for (const { id } of [over, ofRoom]) {
      expect(await stage.session(id)).toMatchObject({ status: 'ENDED', end_reason: 'TIME_LIMIT' });
    }
  });

  test('another title by the backend is told to everybody (B03, B07)', async () => {
    const { main, host, ann, red } = await family();
    await host.move(main, red, ann);
    await ann.isIn(red);
    const told = Promise.all([host, ann].map(({ peer }) => peer.next(RoomEvent.connectedRoomsUpdated)));
    await stage.kit.meetings.updateMeetingByID(red, { ...stage.scope, title: 'Crimson' });
    for (const { payloads } of await told) expect(payloads).toMatchObject([{ id: red, title: 'Crimson' }]);
    expect((await host.rooms()).meetings[0]).toMatchObject({ title: 'Crimson' });
  });

  test('those who may do something hear who is where; the others of the rooms alone (B07)', async () => {
    const { main, host, ann, red } = await family();
    let annHeard = 0;
    ann.peer.on('frame', ({ event, id }) => {
      if (event === RoomEvent.getConnectedRoomsDump && id === undefined) annHeard++;
    });
    const tom = await Person.enter(stage, main, 'Tom');
    const told = host.peer.next(RoomEvent.getConnectedRoomsDump, ({ meetings }) =>
      meetings.some((one) => one.id === red && one.participants.some(({ id }) => id === tom.id)),
    );
    await host.move(main, red, tom);
    await told;
    expect(annHeard).toBe(0);
    const gone = ann.peer.next(RoomEvent.connectedRoomsDeleted);
    await host.deleteRooms(red);
    expect((await gone).payloads).toMatchObject([{ id: red }]);
    await tom.isIn(main);
  });

  test('twenty at once, with two tabs of one of them, and on to the next room while they are on the way (Q05, B04)', async () => {
    const { main, host, red, blue } = await family();
    const people: Person[] = [];
    for (let n = 0; n < 20; n++) people.push(await Person.enter(stage, main, `Guest ${n}`));
    const secondTab = await stage.enterAgain(people[0]!.participant);
    const tabTold = secondTab.next(RoomEvent.transferPeer);
    await host.move(main, red, ...people);
    expect((await tabTold).meetingId).toBe(red);
    await host.move(red, blue, ...people);
    for (const person of people) await person.isIn(blue);
    expect(people.map(({ journey }) => journey)).toEqual(people.map(() => [red, blue]));
    expect((await host.rooms()).meetings.map(({ participants }) => participants.length)).toEqual([0, 20]);
    host.peer.kickAll();
    for (const person of people) await person.peer.reached('ended');
  });

  test('who is on the way when everything ends is out as well (S32, E11)', async () => {
    const { main, host, ann, red } = await family();
    const told = ann.peer.next(RoomEvent.transferPeer);
    await host.move(main, red, ann);
    const { authToken } = await told;
    // A second client of hers takes longer than the host's kick-all.
    const late = stage.peer({ token: authToken! });
    await late.connect();
    host.peer.kickAll();
    await host.peer.reached('ended');
    await hasEnded(red);
    void late.join().catch(() => undefined);
    await late.reached('ended');
    expect(await stage.activeSession(red)).toBeNull();
  });
});
