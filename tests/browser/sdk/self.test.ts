import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage } from '../../support/browser-stage.js';
import { chromiumIsInstalled } from '../../support/chromium.js';
import { serverIsBuilt } from '../../support/parley-process.js';
import { proves } from '../../support/proves.js';
import { until } from '../../support/until.js';

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('oneself, with the official SDK', () => {
  let stage: Stage;
  let meeting: string;
  let mary: Person;
  let tom: Person;

  beforeAll(async () => {
    stage = await setUpStage();
    meeting = await stage.backend.newMeeting({ title: 'Weekly' });
    [mary, tom] = await Promise.all([
      stage.enter(meeting, 'Mary', 'group_call_host'),
      stage.enter(meeting, 'Tom', 'group_call_participant'),
    ]);
    for (const person of [mary, tom]) {
      await until('both see each other', async () => (await person.joinedIds()).length === 1);
    }
  });
  afterAll(() => stage?.dispose());

  const namesAt = (person: Person) =>
    person.run(() => window.meeting.participants.joined.toArray().map(({ name }) => name));

  it(
    'a name that is set before the join is seen by all; later, or without the right, it is not (V17, R29)',
    proves('Self.setName'),
    async () => {
      const early = await stage.arrive(meeting, 'Eve', 'group_call_participant');
      await early.init({ audio: false, video: false });
      await early.run(() => window.meeting.self.setName('Eva'));
      await early.join();
      await until('the new name', async () => (await namesAt(mary)).includes('Eva'));
      await early.run(() => window.meeting.self.setName('Evita'));
      expect(await early.run(() => window.meeting.self.name)).toBe('Evita');
      expect(await namesAt(mary)).not.toContain('Evita');
      await early.close();

      await stage.backend.newPreset('nameless', 'group_call_participant', { can_edit_display_name: false });
      const fixed = await stage.arrive(meeting, 'Fay', 'nameless');
      await fixed.init({ audio: false, video: false });
      await fixed.run(() => window.meeting.self.setName('Admin'));
      await fixed.join();
      await until('the old name', async () => (await namesAt(mary)).includes('Fay'));
      await fixed.close();
    },
  );

  it(
    'microphone and camera go off and on, seen and heard by the other (M12)',
    proves(
      'SelfMedia.disableAudio',
      'SelfMedia.disableVideo',
      'SelfMedia.audioTrack',
      'SelfMedia.videoTrack',
      'SelfMedia.rawAudioTrack',
      'SelfMedia.rawVideoTrack',
      'Participant.audioTrack',
      'Participant.videoTrack',
      'Participant.producers',
      'Self.producers',
    ),
    async () => {
      const kinds = await tom.run(() => {
        const { audioTrack, videoTrack, rawAudioTrack, rawVideoTrack, producers } = window.meeting.self;
        return {
          tracks: [audioTrack, videoTrack, rawAudioTrack, rawVideoTrack].map(({ kind }) => kind),
          producers: producers.length,
        };
      });
      expect(kinds).toEqual({ tracks: ['audio', 'video', 'audio', 'video'], producers: 2 });
      await Promise.all([mary.seesVideoOf(tom.id), mary.hears(tom.id)]);

      await tom.run(() => window.meeting.self.disableVideo());
      await tom.run(() => window.meeting.self.disableAudio());
      await mary.sawEvent('joined', 'videoUpdate', { userId: tom.id, videoEnabled: false });
      await mary.sawEvent('joined', 'audioUpdate', { userId: tom.id, audioEnabled: false });
      await tom.run(() => window.meeting.self.enableAudio());
      await tom.run(() => window.meeting.self.enableVideo());
      await Promise.all([mary.seesVideoOf(tom.id), mary.hears(tom.id)]);
      const seen = await mary.run((id) => {
        const one = window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)!;
        return [one.audioTrack.kind, one.videoTrack.kind, one.producers.length];
      }, tom.id);
      expect(seen).toEqual(['audio', 'video', 2]);
    },
  );

  it(
    'the screen is shared, seen, and taken back (M22)',
    proves(
      'SelfMedia.enableScreenShare',
      'SelfMedia.disableScreenShare',
      'SelfMedia.screenShareEnabled',
      'SelfMedia.screenShareTracks',
      'SelfMedia:screenShareUpdate',
      'Participant.screenShareEnabled',
      'Participant.screenShareTracks',
      'Participant:screenShareUpdate',
      'ParticipantMap:screenShareUpdate',
      'Self.updateScreenshareConstraints',
    ),
    async () => {
      await tom.run(() => window.meeting.self.enableScreenShare());
      await tom.sawEvent('self', 'screenShareUpdate', { screenShareEnabled: true });
      await mary.sawEvent('joined', 'screenShareUpdate', { userId: tom.id, screenShareEnabled: true });
      await mary.seesVideoOf(tom.id, 'screen');
      expect(await tom.run(() => window.meeting.self.screenShareTracks.video.kind)).toBe('video');
      await tom.run(() =>
        window.meeting.self.updateScreenshareConstraints({ width: { ideal: 640 }, height: { ideal: 360 } }),
      );
      await mary.seesVideoOf(tom.id, 'screen');
      await tom.run(() => window.meeting.self.disableScreenShare());
      await mary.sawEvent('joined', 'screenShareUpdate', { userId: tom.id, screenShareEnabled: false });
      expect(await tom.run(() => window.meeting.self.screenShareEnabled)).toBe(false);
    },
  );

  it(
    'devices are listed and changed in the call, and the other goes on seeing and hearing',
    proves(
      'Self.getAllDevices',
      'SelfMedia.getAudioDevices',
      'SelfMedia.getVideoDevices',
      'SelfMedia.getSpeakerDevices',
      'SelfMedia.getCurrentDevices',
      'SelfMedia.getDeviceById',
      'SelfMedia.setDevice',
      'SelfMedia:deviceUpdate',
      'SelfMedia.mediaPermissions',
      'Self.updateVideoConstraints',
    ),
    async () => {
      const devices = await tom.run(async () => {
        const { self } = window.meeting;
        const [all, audio, video, speakers] = [
          await self.getAllDevices(),
          await self.getAudioDevices(),
          await self.getVideoDevices(),
          await self.getSpeakerDevices(),
        ];
        const current = self.getCurrentDevices();
        const again = await self.getDeviceById(current.video.deviceId, 'video');
        return {
          all: all.length,
          kinds: [audio, video, speakers].map((list) => new Set(list.map(({ kind }) => kind)).size),
          same: again.deviceId === current.video.deviceId,
          permissions: self.mediaPermissions,
        };
      });
      expect(devices).toMatchObject({
        kinds: [1, 1, 1],
        same: true,
        permissions: { audio: 'ACCEPTED', video: 'ACCEPTED' },
      });
      expect(devices.all).toBeGreaterThanOrEqual(3);

      await tom.run(async () => {
        const { self } = window.meeting;
        const current = self.getCurrentDevices();
        const other = async (list: Promise<MediaDeviceInfo[]>, now: MediaDeviceInfo) =>
          (await list).find(({ deviceId }) => deviceId !== now.deviceId) ?? now;
        await self.setDevice(await other(self.getAudioDevices(), current.audio));
        await self.setDevice(await other(self.getVideoDevices(), current.video));
        await self.updateVideoConstraints({ width: { ideal: 320 }, height: { ideal: 240 } });
      });
      await tom.sawEvent('self', 'deviceUpdate');
      await Promise.all([mary.seesVideoOf(tom.id), mary.hears(tom.id)]);
    },
  );

  it(
    'middlewares of the app go in and out, and the other goes on seeing and hearing',
    proves(
      'SelfMedia.addAudioMiddleware',
      'SelfMedia.removeAudioMiddleware',
      'SelfMedia.removeAllAudioMiddlewares',
      'SelfMedia.addVideoMiddleware',
      'SelfMedia.removeVideoMiddleware',
      'SelfMedia.removeAllVideoMiddlewares',
    ),
    async () => {
      const outcomes = await tom.run(async () => {
        const { self } = window.meeting;
        const silence = async (context: AudioContext) => context.createScriptProcessor(4096, 1, 1);
        const frame = async () => () => undefined;
        const add = async () => [
          await self.addAudioMiddleware(silence),
          await self.addVideoMiddleware(frame as never),
        ];
        const added = await add();
        const removed = [
          await self.removeAudioMiddleware(silence),
          await self.removeVideoMiddleware(frame as never),
        ];
        const again = await add();
        const cleared = [await self.removeAllAudioMiddlewares(), await self.removeAllVideoMiddlewares()];
        return [...added, ...removed, ...again, ...cleared].map(({ success }) => success);
      });
      expect(outcomes).toEqual(Array(8).fill(true));
      await Promise.all([mary.seesVideoOf(tom.id), mary.hears(tom.id)]);
    },
  );

  it('who has only sound is heard, and sees (audio only)', proves('Self.setupTracks'), async () => {
    const caller = await stage.arrive(meeting, 'Cal', 'group_call_participant');
    await caller.init({ audio: true, video: false });
    await caller.join();
    await Promise.all([mary.hears(caller.id), caller.seesVideoOf(mary.id)]);
    expect(
      await mary.run(
        (id) =>
          window.meeting.participants.joined.toArray().find(({ userId }) => userId === id)!.videoEnabled,
        caller.id,
      ),
    ).toBe(false);
    await caller.run(() => window.meeting.self.setupTracks({ audio: true, video: true }));
    await caller.run(() => window.meeting.self.enableVideo());
    await mary.seesVideoOf(caller.id);
    await caller.close();
  });

  it(
    'the own tile can be hidden and shown; a video element shows the own and the others’ pictures (V15)',
    proves(
      'Self.hide',
      'Self.show',
      'Self.hidden',
      'SelfMedia:toggleTile',
      'Self.registerVideoElement',
      'Self.deregisterVideoElement',
      'Participant.registerVideoElement',
      'Participant.deregisterVideoElement',
      'Self.playAudio',
    ),
    async () => {
      await tom.run(() => window.meeting.self.hide());
      await tom.sawEvent('self', 'toggleTile', { hidden: true });
      expect(await tom.run(() => window.meeting.self.hidden)).toBe(true);
      await tom.run(() => window.meeting.self.show());
      expect(await tom.run(() => window.meeting.self.hidden)).toBe(false);

      const plays = await tom.run(async () => {
        const { self, participants } = window.meeting;
        const play = async (subject: typeof self | (typeof other & object)) => {
          const element = document.createElement('video');
          element.muted = true;
          element.autoplay = true;
          document.body.append(element);
          subject.registerVideoElement(element);
          await new Promise((resolve) => element.addEventListener('loadeddata', resolve, { once: true }));
          const { videoWidth } = element;
          subject.deregisterVideoElement(element);
          return videoWidth > 0;
        };
        const other = participants.joined.toArray().find(({ name }) => name === 'Mary')!;
        return [await play(self), await play(other)];
      });
      expect(plays).toEqual([true, true]);
      await tom.run(() => window.meeting.self.playAudio());
    },
  );

  it(
    'the page knows title, ids, start and both connections, and scores the media (V16)',
    proves(
      'Meta.meetingId',
      'Meta.meetingTitle',
      'Meta.meetingStartedTimestamp',
      'Meta.sessionId',
      'Meta.socketState',
      'Meta.mediaState',
      'Meta:meetingStartTimeUpdate',
      'Self.organizationId',
      'Self.picture',
      'Self.config',
      'ThemePreset.name',
      'ThemePreset.viewType',
      'ThemePreset.maxVideoStreams',
      'ThemePreset.maxScreenShareCount',
      'ThemePreset.designTokens',
      'ThemePreset.isSimulcastEnabled',
      'ThemePreset.mediaConstraints',
      'SelfMedia:mediaScoreUpdate',
      'Participants:mediaScoreUpdate',
      'Participant:mediaScoreUpdate',
      'ParticipantMap:mediaScoreUpdate',
    ),
    async () => {
      const meta = await tom.run(() => {
        const { meta, self } = window.meeting;
        const { config } = self;
        return {
          id: meta.meetingId,
          title: meta.meetingTitle,
          startedMs: new Date(meta.meetingStartedTimestamp).getTime(),
          socket: meta.socketState.state,
          media: [meta.mediaState.send.state, meta.mediaState.recv.state],
          app: self.organizationId,
          preset: config.name,
          viewType: config.viewType,
          streams: config.maxVideoStreams,
          screens: config.maxScreenShareCount,
          theme: config.designTokens?.theme,
          simulcast: config.isSimulcastEnabled,
          constraints: config.mediaConstraints !== undefined,
        };
      });
      expect(meta).toEqual({
        id: meeting,
        title: 'Weekly',
        startedMs: expect.any(Number),
        socket: 'connected',
        media: ['connected', 'connected'],
        app: stage.backend.appId,
        preset: 'group_call_participant',
        viewType: 'GROUP_CALL',
        streams: { desktop: 6, mobile: 6 },
        screens: 1,
        theme: 'dark',
        simulcast: true,
        constraints: true,
      });
      expect(Math.abs(Date.now() - meta.startedMs)).toBeLessThan(600_000);
      await tom.sawEvent('meta', 'meetingStartTimeUpdate');
      await tom.sawEvent('self', 'mediaScoreUpdate', { kind: 'video' });
      await mary.sawEvent('joined', 'mediaScoreUpdate', { userId: tom.id });
      await mary.sawEvent('participants', 'mediaScoreUpdate', { participantId: await tom.peerId() });
    },
  );

  it(
    'a tab that one shows to all is shown to all: the spotlight (R08)',
    proves(
      'Meta.setBroadcastTabChanges',
      'Meta.broadcastTabChanges',
      'Meta.setSelfActiveTab',
      'Meta.selfActiveTab',
      'Meta:activeTabUpdate',
      'Meta:broadcastTabChangesUpdate',
      'Meta:selfTabUpdate',
    ),
    async () => {
      await mary.run(() => {
        window.meeting.meta.setBroadcastTabChanges(true);
        window.meeting.meta.setSelfActiveTab({ type: 'plugin', id: 'board' }, 0);
      });
      await mary.sawEvent('meta', 'broadcastTabChangesUpdate');
      await mary.sawEvent('meta', 'selfTabUpdate', { id: 'board' });
      expect(
        await mary.run(() => [window.meeting.meta.broadcastTabChanges, window.meeting.meta.selfActiveTab]),
      ).toEqual([true, { type: 'plugin', id: 'board' }]);
      await tom.sawEvent('meta', 'activeTabUpdate', { id: 'board' });
    },
  );
});
