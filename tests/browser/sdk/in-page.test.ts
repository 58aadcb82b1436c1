import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AppPlugin } from '../../support/browser-in-page.js';
import { type Person, type Stage, setUpStage, WITHOUT_DEVICES } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

const BOARD: AppPlugin = { id: 'board', canActivate: true, canDeactivate: true };

/** What the three kinds of emitters have in common; each types its events in a way of its own. */
interface Emitter {
  on(event: string, listener: () => void): unknown;
  addListener: Emitter['on'];
  once: Emitter['on'];
  prependListener: Emitter['on'];
  prependOnceListener: Emitter['on'];
  off: Emitter['on'];
  removeListener: Emitter['on'];
  removeAllListeners(event: string): unknown;
  listeners(event: string): unknown[];
  listenerCount(event: string): number;
  emit(event: string): boolean;
}

/** What the SDK does with what the server has told it, and offers beside. */
describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('the official SDK within its page', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    meeting = await stage.backend.newMeeting({ title: 'Weekly' });
    const options = { ...WITHOUT_DEVICES, plugins: [BOARD] };
    [mary, tom] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host', options),
      stage.enter(meeting, 'Tom', 'group_call_participant', options),
    ]);
    for (const person of [mary, tom]) {
      await until('both see each other', async () => (await person.joinedIds()).length === 1);
    }
  });
  afterAll(() => stage?.dispose());

  it(
    'every kind of emitter keeps its listeners as Node does',
    proves(
      'ClientMap.addListener',
      'ClientMap.emit',
      'ClientMap.eventNames',
      'ClientMap.getMaxListeners',
      'ClientMap.listenerCount',
      'ClientMap.listeners',
      'ClientMap.on',
      'ClientMap.off',
      'ClientMap.once',
      'ClientMap.prependListener',
      'ClientMap.prependOnceListener',
      'ClientMap.removeAllListeners',
      'ClientMap.removeListener',
      'ClientMap.setMaxListeners',
      'CustomEventEmitter.addListener',
      'CustomEventEmitter.emit',
      'CustomEventEmitter.listenerCount',
      'CustomEventEmitter.listeners',
      'CustomEventEmitter.off',
      'CustomEventEmitter.on',
      'CustomEventEmitter.once',
      'CustomEventEmitter.prependListener',
      'CustomEventEmitter.prependOnceListener',
      'CustomEventEmitter.removeAllListeners',
      'CustomEventEmitter.removeListener',
      'TypedEventEmitter.addListener',
      'TypedEventEmitter.emit',
      'TypedEventEmitter.listenerCount',
      'TypedEventEmitter.listeners',
      'TypedEventEmitter.off',
      'TypedEventEmitter.on',
      'TypedEventEmitter.once',
      'TypedEventEmitter.prependListener',
      'TypedEventEmitter.prependOnceListener',
      'TypedEventEmitter.removeAllListeners',
      'TypedEventEmitter.removeListener',
    ),
    async () => {
      const heard = await mary.run(() => {
        const { chat, plugins, participants } = window.meeting;
        const emitters = [chat, plugins.all.toArray()[0], participants.joined] as unknown as Emitter[];
        return emitters.map((emitter) => {
          const calls: string[] = [];
          const listener = (name: string) => () => void calls.push(name);
          const [gone, gone2] = [listener('off'), listener('removed')];
          emitter.on('probe', listener('on'));
          emitter.addListener('probe', listener('added'));
          emitter.once('probe', listener('once'));
          emitter.prependListener('probe', listener('first'));
          emitter.prependOnceListener('probe', listener('first, once'));
          emitter.on('probe', gone);
          emitter.on('probe', gone2);
          const counts = [emitter.listenerCount('probe')];
          emitter.off('probe', gone);
          emitter.removeListener('probe', gone2);
          counts.push(emitter.listeners('probe').length);
          const answers = [emitter.emit('probe'), emitter.emit('probe')];
          emitter.removeAllListeners('probe');
          answers.push(emitter.emit('probe'));
          return { calls, counts, answers };
        });
      });
      for (const one of heard) {
        expect(one).toEqual({
          calls: ['first, once', 'first', 'on', 'added', 'once', 'first', 'on', 'added'],
          counts: [7, 5],
          answers: [true, true, false],
        });
      }
      const limits = await mary.run(() => {
        const { joined } = window.meeting.participants;
        const usual = joined.getMaxListeners();
        joined.setMaxListeners(usual + 1);
        return { gained: joined.getMaxListeners() - usual, names: joined.eventNames() };
      });
      expect(limits).toEqual({ gained: 1, names: ['*'] });
    },
  );

  it(
    'a map tells what is put in and taken out, and what its members tell',
    proves(
      'ClientMap.add',
      'ClientMap.clear',
      'ClientMap.delete',
      'ClientMap.set',
      'ClientMap.onAddEvent',
      'ClientMap.onClearEvent',
      'ClientMap.onDeleteEvent',
      'ParticipantMap:participantsCleared',
      'PluginMap:pluginAdded',
      'PluginMap:pluginDeleted',
    ),
    async () => {
      const told = await mary.run(() => {
        const told: string[] = [];
        const { joined } = window.meeting.participants;
        const plugins = window.meeting.plugins.all;
        for (const event of [joined.onAddEvent, joined.onDeleteEvent, joined.onClearEvent]) {
          joined.on(event as 'participantJoined', () => told.push(event));
        }
        for (const event of ['pluginAdded', 'pluginDeleted'] as const)
          plugins.on(event, () => told.push(event));
        const [who, board] = [joined.toArray()[0]!, plugins.toArray()[0]!];
        joined.delete(who.id);
        joined.add(who);
        joined.clear();
        joined.set(who.id, who);
        plugins.delete(board.id);
        plugins.add(board);
        return { told, left: joined.toArray().map(({ name }) => name) };
      });
      expect(told).toEqual({
        told: [
          'participantLeft',
          'participantJoined',
          'participantsCleared',
          'participantJoined',
          'pluginDeleted',
          'pluginAdded',
        ],
        left: ['Tom'],
      });
    },
  );

  it('media that was opened before the meeting is seen in it', proves('Client.initMedia'), async () => {
    const early = await stage.arrive(meeting, 'Eve', 'group_call_participant');
    const isSame = await early.run(
      async ({ authToken, baseURI }) => {
        const media = await window.RealtimeKitClient.initMedia({ audio: false, video: true });
        window.meeting = await window.RealtimeKitClient.init({
          authToken,
          baseURI,
          defaults: { audio: false, video: true, mediaHandler: media },
        });
        await window.meeting.join();
        return window.meeting.self.videoTrack === media.videoTrack;
      },
      { authToken: early.token, baseURI: stage.parley.baseDomain },
    );
    expect(isSame).toBe(true);
    await tom.seesVideoOf(early.id);
    await early.close();
  });

  it(
    'what the preset says of its looks reaches the app',
    proves(
      'ThemePreset.controlBar',
      'ThemePreset.header',
      'ThemePreset.livestreamViewerQualities',
      'ThemePreset.pipMode',
      'ThemePreset.setupScreen',
      'ThemePreset.waitingRoom',
      'ThemePreset.plugins',
      'ThemePreset.disabledPlugins',
      'ThemePreset.configDiff',
    ),
    async () => {
      const logo = 'https://app.example/logo.svg';
      await stage.backend.newPreset(
        'dressed',
        'livestream_viewer',
        {},
        { livestream_viewer_qualities: [480, 720] },
        { config_diff: { root: { stage: [] } }, design_tokens: { logo } },
      );
      const guest = await stage.arrive(await stage.backend.newMeeting(), 'Gus', 'dressed');
      expect(await guest.init(WITHOUT_DEVICES)).toEqual({ ok: true });
      const config = await guest.run(() => {
        const { controlBar, header, pipMode, setupScreen, waitingRoom } = window.meeting.self.config;
        const { livestreamViewerQualities, plugins, disabledPlugins, configDiff } =
          window.meeting.self.config;
        return {
          logo: header.elements.logo,
          livestreamViewerQualities,
          configDiff,
          plugins,
          disabledPlugins,
          shown: [controlBar, header, setupScreen, waitingRoom].map(({ isEnabled }) => isEnabled),
          pipMode,
        };
      });
      expect(config).toEqual({
        logo,
        livestreamViewerQualities: [480, 720],
        configDiff: { root: { stage: [] } },
        plugins: [],
        disabledPlugins: [],
        shown: [true, true, true, true],
        pipMode: true,
      });
      await guest.close();
    },
  );

  it(
    'devices: what one has, and that the browser lets it be used',
    proves('Self.device', 'SelfMedia:mediaPermissionUpdate'),
    async () => {
      expect(await tom.run(() => window.meeting.self.device)).toMatchObject({ browserName: 'Chrome' });
      await tom.run(() => window.meeting.self.enableAudio());
      await tom.sawEvent('self', 'mediaPermissionUpdate', { kind: 'audio', message: 'ACCEPTED' });
    },
  );
});
