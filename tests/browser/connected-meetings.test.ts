import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.js';
import { proves } from '../support/proves.js';
import { until } from '../support/until.js';
import { followMoves } from './follow-in-page.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('connected meetings in three browsers', () => {
  let database: OwnDatabase;
  let proxy: PostgresProxy;
  let stage: Stage;
  beforeAll(async () => {
    database = await createDatabase();
    proxy = await startPostgresProxy(database.url);
    stage = await setUpStage({ env: { DATABASE_URL: proxy.url } });
  });
  afterEach(() => stage.clear());
  afterAll(async () => {
    await stage?.dispose();
    await proxy?.close();
    await database?.drop();
  });

  const isIn = (person: Person, meetingId: string) =>
    until(`the client in ${meetingId}`, () =>
      person.run((id) => window.meeting.meta.meetingId === id && window.meeting.self.roomJoined, meetingId),
    );
  const seesRooms = (person: Person, rooms: { title: string; people: string[] }[]) =>
    until(`the rooms ${JSON.stringify(rooms)}`, async () => {
      const seen = await person.run(() => window.rooms);
      return JSON.stringify(seen.map(sorted)) === JSON.stringify(rooms.map(sorted));
    });
  const sorted = ({ title, people }: { title: string; people: string[] }) => [title, people.toSorted()];

  const ITEMS = proves(
    'Client.connectedMeetings',
    'ConnectedMeetings.createMeetings',
    'ConnectedMeetings.deleteMeetings',
    'ConnectedMeetings.getConnectedMeetings',
    'ConnectedMeetings.isActive',
    'ConnectedMeetings.meetings',
    'ConnectedMeetings.moveParticipants',
    'ConnectedMeetings.moveParticipantsWithCustomPreset',
    'ConnectedMeetings.parentMeeting',
    'ConnectedMeetings:changingMeeting',
    'ConnectedMeetings:meetingChanged',
    'ConnectedMeetings:stateUpdate',
  );

  it(
    'moves people with their media, lets one return, and ends everywhere (B01-B08, B10, B11, S32, S43, X01)',
    ITEMS,
    async () => {
      await stage.backend.newPreset('returner', 'group_call_participant', {
        connected_meetings: {
          can_alter_connected_meetings: false,
          can_switch_connected_meetings: false,
          can_switch_to_parent_meeting: true,
        },
      });
      const main = await stage.backend.newMeeting({ title: 'Course' });
      const host = await stage.enter(main, 'Mary', 'group_call_host');
      const tom = await stage.enter(main, 'Tom', 'group_call_participant');
      const ann = await stage.enter(main, 'Ann', 'returner');
      const everybody = [host, tom, ann];
      for (const person of everybody) await person.run(followMoves);
      await Promise.all([host.seesVideoOf(tom.id), host.seesVideoOf(ann.id)]);
      const oldPeerId = await ann.peerId();

      const [red, blue] = await host.run(async () => {
        const made = await window.meeting.connectedMeetings.createMeetings([
          { title: 'Red' },
          { title: 'Blue' },
        ]);
        return made.map(({ id }) => id);
      });
      await until('the rooms at a guest', () => tom.run(() => window.meeting.connectedMeetings.isActive));

      await tom.run(() => window.meeting.self.disableVideo());
      const moved = await host.run(
        ([from, to, ...ids]) => window.meeting.connectedMeetings.moveParticipants(from!, to!, ids),
        [main, red!, tom.id, ann.id],
      );
      expect(moved).toEqual({ success: true });
      await Promise.all([isIn(tom, red!), isIn(ann, red!)]);
      expect(await ann.run(() => window.moves)).toEqual([
        { type: 'changingMeeting', meetingId: red },
        { type: 'roomLeft', state: 'connected-meeting' },
        { type: 'meetingChanged', meetingId: red },
      ]);
      expect(await ann.peerId()).not.toBe(oldPeerId);
      expect(await ann.run(() => window.meeting.self.userId)).toBe(ann.id);
      await Promise.all([tom.seesVideoOf(ann.id), tom.hears(ann.id), ann.hears(tom.id)]);
      expect(await tom.run(() => window.meeting.self.videoEnabled)).toBe(false);
      expect(await ann.run(() => window.meeting.self.videoEnabled)).toBe(true);
      expect(await host.joinedIds()).toEqual([]);
      await seesRooms(host, [
        { title: 'Course', people: [host.id] },
        { title: 'Red', people: [tom.id, ann.id] },
        { title: 'Blue', people: [] },
      ]);

      const presets = await stage.backend.client.realtimeKit.presets.get(stage.backend.appId, {
        account_id: stage.backend.accountId,
        per_page: 50,
      });
      const presetId = presets.data!.find(({ name }) => name === 'group_call_host')!.id!;
      await host.run(
        ([from, to, id, preset]) =>
          window.meeting.connectedMeetings.moveParticipantsWithCustomPreset(from!, to!, [
            { id: id!, presetId: preset! },
          ]),
        [red!, blue!, tom.id, presetId],
      );
      await isIn(tom, blue!);
      expect(await tom.run(() => window.meeting.self.permissions.kickParticipant)).toBe(true);

      await ann.run(
        ([from, to]) =>
          window.meeting.connectedMeetings.moveParticipants(from!, to!, [window.meeting.self.userId]),
        [red!, main],
      );
      await isIn(ann, main);
      await Promise.all([host.seesVideoOf(ann.id), ann.seesVideoOf(host.id), ann.hears(host.id)]);

      const deleted = await host.run((id) => window.meeting.connectedMeetings.deleteMeetings([id]), red!);
      expect(deleted).toMatchObject([{ id: red }]);
      const list = await ann.run(async () => {
        const asked = await window.meeting.connectedMeetings.getConnectedMeetings();
        const { parentMeeting, meetings } = window.meeting.connectedMeetings;
        return {
          asked: asked.meetings.length,
          main: parentMeeting.title,
          rooms: meetings.map(({ title }) => title),
        };
      });
      expect(list).toEqual({ asked: 1, main: 'Course', rooms: ['Blue'] });

      await host.run(() => window.meeting.participants.kickAll());
      for (const person of everybody) {
        await until('the end', () => person.run(() => window.moves.at(-1)?.type === 'roomLeft'));
        expect((await person.run(() => window.moves)).at(-1)).toEqual({ type: 'roomLeft', state: 'ended' });
      }
    },
  );

  it('is sent on by the server that comes back, when the one that moved it was killed before it could (B04, B05)', async () => {
    const main = await stage.backend.newMeeting();
    const host = await stage.enter(main, 'Mary', 'group_call_host');
    const tom = await stage.enter(main, 'Tom', 'group_call_participant');
    for (const person of [host, tom]) await person.run(followMoves);
    const red = await host.run(async () => {
      const [room] = await window.meeting.connectedMeetings.createMeetings([{ title: 'Red' }]);
      return room!.id;
    });
    const atCommit = proxy.hold('after commit', 'connected_places');
    await host.run(
      ([from, to, id]) => void window.meeting.connectedMeetings.moveParticipants(from!, to!, [id!]),
      [main, red, tom.id],
    );
    const held = await atCommit;
    await stage.parley.kill();
    held.break();
    await stage.parley.start();
    await isIn(tom, red);
    expect((await tom.run(() => window.moves)).filter(({ type }) => type !== 'roomLeft')).toEqual([
      { type: 'changingMeeting', meetingId: red },
      { type: 'meetingChanged', meetingId: red },
    ]);
    await isIn(host, main);
    await seesRooms(host, [
      { title: 'Test meeting', people: [host.id] },
      { title: 'Red', people: [tom.id] },
    ]);
  });
});
