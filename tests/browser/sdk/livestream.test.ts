import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a livestream with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let hal: Person;
  let vera: Person;
  let vic: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    meeting = await stage.backend.newMeeting();
    [hal, vera, vic] = await Promise.all([
      stage.enter(meeting, 'Hal', 'livestream_host'),
      stage.enter(meeting, 'Vera', 'livestream_viewer'),
      stage.enter(meeting, 'Vic', 'livestream_viewer', WITHOUT_DEVICES),
    ]);
  });
  afterAll(() => stage?.dispose());

  const statusOf = (person: Person) => person.run(() => window.meeting.stage.status);
  const becomes = (person: Person, status: string) =>
    until(`${status}`, async () => (await statusOf(person)) === status);
  const isInRoom = (person: Person) => person.run(() => window.meeting.self.roomJoined);
  /** Media connections that are open. */
  const connections = (person: Person) =>
    person.run(() => window.peerConnections.filter((one) => one.connectionState !== 'closed').length);
  const viewers = (person: Person, count: number) =>
    until(`${count} viewers`, async () =>
      person.run((count) => window.meeting.livestream.viewerCount === count, count),
    );
  const act = (person: Person, action: 'requestAccess' | 'join' | 'leave') =>
    person.attempt((action) => window.meeting.stage[action](), action);
  const putOnStage = async (person: Person) => {
    const seen = (await hal.events()).length;
    await act(person, 'requestAccess');
    await hal.sawEvent('stage', 'newStageRequest', { count: 1 }, seen);
    await hal.run((id) => window.meeting.stage.grantAccess([id]), person.id);
    await becomes(person, 'ACCEPTED_TO_JOIN_STAGE');
    expect(await act(person, 'join')).toEqual({ ok: true });
    expect(await statusOf(person)).toBe('ON_STAGE');
  };

  it(
    'hosts are on the stage; viewers are in without media, know everybody, and all know how many they are (C20, LS08, S44, V12)',
    proves('Client.livestream', 'Livestream.viewerCount', 'Livestream:viewerCountUpdate'),
    async () => {
      expect(await hal.run(() => window.meeting.meta.viewType)).toBe('LIVESTREAM');
      expect(await statusOf(hal)).toBe('ON_STAGE');
      for (const viewer of [vera, vic]) {
        expect(await statusOf(viewer)).toBe('OFF_STAGE');
        expect(await isInRoom(viewer)).toBe(true);
        expect(await connections(viewer)).toBe(0);
        expect(await act(viewer, 'join')).toMatchObject({ ok: false, code: '2006' });
      }
      for (const person of [hal, vera, vic]) {
        await viewers(person, 3);
        await until('all are known', async () => (await person.joinedIds()).length === 2);
      }
      await vic.sawEvent('livestream', 'viewerCountUpdate');
      const found = await vic.run(async () =>
        (await window.meeting.participants.getAllJoinedPeers('ver', 10, 0)).map(({ name }) => name),
      );
      expect(found).toEqual(['Vera']);
    },
  );

  it('a viewer who is let on the stage sees and is seen; back in the audience he has no media and is still in (G06, G08, S44)', async () => {
    await putOnStage(vera);
    await vera.run(() => window.meeting.self.enableVideo());
    await Promise.all([hal.seesVideoOf(vera.id), vera.seesVideoOf(hal.id)]);
    expect(await connections(vic)).toBe(0);

    expect(await act(vera, 'leave')).toEqual({ ok: true });
    await becomes(vera, 'OFF_STAGE');
    await until('no media', async () => (await connections(vera)) === 0);
    await until('no picture at the host', () =>
      hal.run((id) => {
        const vera = window.meeting.participants.joined.toArray().find(({ userId }) => userId === id);
        return vera !== undefined && !vera.videoEnabled;
      }, vera.id),
    );
    expect(await isInRoom(vera)).toBe(true);
    await viewers(hal, 3);
    const left = (await hal.events()).filter(
      ({ source, name }) => source === 'joined' && name === 'participantLeft',
    );
    expect(left).toEqual([]);
  });

  it('comes back onto the stage, and is taken from it by the host (G07)', async () => {
    await putOnStage(vera);
    await vera.seesVideoOf(hal.id);
    await hal.run((id) => window.meeting.stage.kick([id]), vera.id);
    await becomes(vera, 'OFF_STAGE');
    await until('no media', async () => (await connections(vera)) === 0);
    expect(await isInRoom(vera)).toBe(true);
  });

  it('everybody chats, on the stage or off it (G02)', async () => {
    await vic.run(() => window.meeting.chat.sendTextMessage('hello from the audience'));
    for (const person of [hal, vera, vic]) {
      await until('the message', () =>
        person.run(() =>
          window.meeting.chat.messages.some(
            (one) => one.type === 'text' && one.message === 'hello from the audience',
          ),
        ),
      );
    }
  });

  it('the host ends it for all from off the stage (S33, E09)', async () => {
    expect(await act(hal, 'leave')).toEqual({ ok: true });
    await becomes(hal, 'OFF_STAGE');
    expect(await vic.attempt(() => window.meeting.participants.kickAll())).toMatchObject({ code: '1201' });
    expect(await hal.attempt(() => window.meeting.participants.kickAll())).toEqual({ ok: true });
    for (const person of [hal, vera, vic]) await person.sawEvent('self', 'roomLeft', { state: 'ended' });
  });
});
