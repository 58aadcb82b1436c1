import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { Person } from './person.js';

describe.skipIf(!serverIsBuilt)('connected meetings, as the socket shows them', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

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
});
