import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { freePort } from '../../support/free-port.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

const FAKE_RECORDER = fileURLToPath(new URL('../../support/fake-recorder.mjs', import.meta.url));

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('a livestream with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let hal: Person;
  let vera: Person;
  let vic: Person;

  beforeAll(async () => {
    stage = await setUpStage({
      env: { PARLEY_RECORDER: FAKE_RECORDER, PARLEY_RTMP_PORT: String(await freePort()) },
    });
    meeting = await stage.backend.newMeeting();
    [hal, vera, vic] = await Promise.all([
      stage.enter(meeting, 'Hal', 'livestream_host'),
      stage.enter(meeting, 'Vera', 'livestream_viewer'),
      stage.enter(meeting, 'Vic', 'livestream_viewer', WITHOUT_DEVICES),
    ]);
  });
  afterAll(() => stage?.dispose());

  const stateOf = (person: Person) =>
    person.run(() => {
      const { state, playbackUrl, ingestionCredentials } = window.meeting.livestream;
      return { state, playbackUrl, ingestionCredentials };
    });
  const streams = (person: Person, state: string) =>
    until(`the livestream is ${state}`, async () => (await stateOf(person)).state === state);
  const control = (person: Person, action: 'start' | 'stop') =>
    person.attempt((action: 'start' | 'stop') => window.meeting.livestream[action](), action);
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

  it(
    'the host starts and stops the livestream, which all see with its address, also who comes later (LS07, S27, S44)',
    proves(
      'Livestream.state',
      'Livestream.playbackUrl',
      'Livestream.start',
      'Livestream.stop',
      'Livestream:livestreamUpdate',
    ),
    async () => {
      expect(await stateOf(vic)).toMatchObject({ state: 'IDLE' });
      expect(await control(hal, 'stop')).toMatchObject({ ok: false, code: '1902' });
      for (const action of ['start', 'stop'] as const) {
        expect(await control(vic, action)).toMatchObject({ ok: false, code: '1901' });
      }
      expect(await control(hal, 'start')).toEqual({ ok: true });
      for (const person of [hal, vera, vic]) await streams(person, 'LIVESTREAMING');
      const { playbackUrl } = await stateOf(hal);
      const { pathname } = new URL(playbackUrl!);
      const playlist = await fetch(`${stage.parley.httpUrl}${pathname}?dvrEnabled=true`);
      expect(await playlist.text()).toContain('#EXTINF');
      expect(await stateOf(vic)).toMatchObject({ playbackUrl });
      expect(
        (await hal.events())
          .filter(({ source, name }) => source === 'livestream' && name === 'livestreamUpdate')
          .map(({ details }) => details),
      ).toEqual(['STARTING', 'LIVESTREAMING']);

      const late = await stage.enter(meeting, 'Lea', 'livestream_host', WITHOUT_DEVICES);
      await streams(late, 'LIVESTREAMING');
      expect(await stateOf(late)).toMatchObject({ playbackUrl });
      // Another one while this one runs: the server answers 409.
      expect(await control(late, 'start')).toMatchObject({ ok: false, code: '1900' });
      await late.close();
      await viewers(vic, 3);

      expect(await control(hal, 'stop')).toEqual({ ok: true });
      for (const person of [hal, vera, vic]) await streams(person, 'IDLE');
      expect((await stateOf(vic)).playbackUrl).toBeUndefined();
      await vic.sawEvent('livestream', 'livestreamUpdate');
    },
  );

  it(
    'the host sends the picture by an encoder of his own, whose key the audience does not learn (LS02, S44)',
    proves('Livestream.ingestionCredentials'),
    async () => {
      const start = () => window.meeting.livestream.start({ manualIngestion: true });
      expect(await hal.attempt(start)).toEqual({ ok: true });
      for (const person of [hal, vera, vic]) await streams(person, 'WAITING_ON_MANUAL_INGESTION');
      const { ingestionCredentials } = await stateOf(hal);
      expect(ingestionCredentials).toEqual({
        ingestionServer: expect.stringMatching(/^rtmp:\/\/localhost:\d+\/live\/$/),
        streamKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      const late = await stage.enter(meeting, 'Lea', 'livestream_viewer', WITHOUT_DEVICES);
      await streams(late, 'WAITING_ON_MANUAL_INGESTION');
      expect((await stateOf(late)).ingestionCredentials).toBeNull();
      await late.close();
      expect(await control(hal, 'stop')).toEqual({ ok: true });
      for (const person of [hal, vera, vic]) await streams(person, 'IDLE');
    },
  );

  it('one that the backend starts is seen as well; of one that fails nothing is left (LS01)', async () => {
    const { client, accountId: account_id, appId: app_id } = stage.backend;
    const { livestreams } = client.realtimeKit;
    const scope = { account_id, app_id };
    const start = async (name: string) =>
      (await livestreams.startLivestreamingAMeeting(meeting, { ...scope, name })).data!.id!;
    const failing = await start('dies_start');
    await until('it has failed', async () => {
      const found = await livestreams.getLivestreamSessionForLivestreamID(failing, scope);
      return found.data?.livestream?.status === 'ERRORED';
    });
    expect(await stateOf(hal)).toMatchObject({ state: 'IDLE' });
    await start('fine');
    await streams(vic, 'LIVESTREAMING');
    expect(await control(hal, 'stop')).toEqual({ ok: true });
    await streams(vic, 'IDLE');
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
