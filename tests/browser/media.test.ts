import { setTimeout as sleep } from 'node:timers/promises';
import { MediaEvent } from '@parley/wire';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Person, type Stage, setUpStage } from '../support/browser-stage.js';
import { chromiumIsInstalled } from '../support/chromium.js';
import { serverIsBuilt } from '../support/parley-process.js';
import { until } from '../support/until.js';

/** Long enough for several beeps of the fake microphone and many frames, had they gone on arriving. */
const SILENCE_MS = 2_500;
/** Packets under way, and what is left in the jitter buffer, when a device is switched off. */
const SETTLE_MS = 1_000;
/** What a page needs longer for each answer, as in a big meeting. */
const SLOW_PAGE_MS = 1_000;

describe.skipIf(!chromiumIsInstalled || !serverIsBuilt)('devices in a meeting of two', () => {
  let stage: Stage;
  let host: Person;
  let guest: Person;

  beforeAll(async () => {
    stage = await setUpStage();
  });
  beforeEach(async () => {
    const meeting = await stage.backend.newMeeting();
    host = await stage.enter(meeting, 'Mary', 'group_call_host');
    guest = await stage.enter(meeting, 'Tom', 'group_call_participant');
    await Promise.all([host.seesVideoOf(guest.id), host.hears(guest.id)]);
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.dispose());

  const expectSilence = async () => {
    await sleep(SETTLE_MS);
    const before = await host.audioEnergy(guest.id);
    await sleep(SILENCE_MS);
    expect(await host.audioEnergy(guest.id)).toBeCloseTo(before, 6);
  };

  it('mute and unmute of the microphone reach the other', async () => {
    await guest.run(() => window.meeting.self.disableAudio());
    await host.sawEvent('joined', 'audioUpdate', { userId: guest.id, audioEnabled: false });
    await expectSilence();

    const seen = (await host.events()).length;
    await guest.run(() => window.meeting.self.enableAudio());
    await host.sawEvent('joined', 'audioUpdate', { userId: guest.id, audioEnabled: true }, seen);
    await host.hears(guest.id);
  });

  it('camera off and on again, twice', async () => {
    for (let round = 0; round < 2; round++) {
      const seen = (await host.events()).length;
      await guest.run(() => window.meeting.self.disableVideo());
      await host.sawEvent('joined', 'videoUpdate', { userId: guest.id, videoEnabled: false }, seen);
      await guest.run(() => window.meeting.self.enableVideo());
      await host.sawEvent('joined', 'videoUpdate', { userId: guest.id, videoEnabled: true }, seen);
      await host.seesVideoOf(guest.id);
    }
    await host.hears(guest.id);
  });

  it('a screen is shared and put away', async () => {
    await host.run(() => window.meeting.self.enableScreenShare());
    await guest.sawEvent('joined', 'screenShareUpdate', { userId: host.id, screenShareEnabled: true });
    await guest.seesVideoOf(host.id, 'screen');
    await guest.seesVideoOf(host.id, 'camera');

    await host.run(() => window.meeting.self.disableScreenShare());
    await guest.sawEvent('joined', 'screenShareUpdate', { userId: host.id, screenShareEnabled: false });
    await guest.seesVideoOf(host.id, 'camera');
  });

  it('a screen that is put away while another takes it up is gone there as well', async () => {
    await guest.run((delayMs) => {
      const atOnce = RTCPeerConnection.prototype.setRemoteDescription;
      RTCPeerConnection.prototype.setRemoteDescription = async function (description) {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        await Reflect.apply(atOnce, this, [description]);
      };
    }, SLOW_PAGE_MS);
    const screens = () =>
      guest.socket
        .received(MediaEvent.peerProducerCreateBroadcast)
        .flatMap(({ producerState }) => (producerState?.screenShare ? producerState.producerId : []));
    const ended = () =>
      guest.socket
        .received(MediaEvent.peerProducerCloseBroadcast)
        .map(({ producerState }) => producerState?.producerId);
    await host.run(() => window.meeting.self.enableScreenShare());
    await until('the other takes the screen up', () =>
      guest.socket
        .received(MediaEvent.consume)
        .some(({ consumerIdsMap }) => screens().some((id) => consumerIdsMap?.map[id]?.producerTrack)),
    );
    await host.run(() => window.meeting.self.disableScreenShare());
    await guest.sawEvent('joined', 'screenShareUpdate', { userId: host.id, screenShareEnabled: true });
    await until('all ends of the screen are told', () => screens().every((id) => ended().includes(id)));
    await until('no screen is left', () =>
      guest.run(() => window.meeting.participants.joined.toArray().every((one) => !one.screenShareEnabled)),
    );
  });

  it('a host mutes a participant, who may unmute again', async () => {
    await host.run(
      (id) =>
        window.meeting.participants.joined
          .toArray()
          .find(({ userId }) => userId === id)!
          .disableAudio(),
      guest.id,
    );
    await guest.sawEvent('self', 'audioUpdate', { audioEnabled: false });
    await host.sawEvent('joined', 'audioUpdate', { userId: guest.id, audioEnabled: false });
    await expectSilence();

    const seen = (await host.events()).length;
    await guest.run(() => window.meeting.self.enableAudio());
    await host.sawEvent('joined', 'audioUpdate', { userId: guest.id, audioEnabled: true }, seen);
    await host.hears(guest.id);
  });

  it('a host switches all cameras off', async () => {
    await host.run(() => window.meeting.participants.disableAllVideo());
    await guest.sawEvent('self', 'videoUpdate', { videoEnabled: false });
    await host.sawEvent('joined', 'videoUpdate', { userId: guest.id, videoEnabled: false });
  });

  it('somebody who joined with devices off switches them on later (M22)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary', 'group_call_host');
    const late = await stage.arrive(meeting, 'Ann', 'group_call_participant');
    expect(await late.init({ audio: false, video: false })).toEqual({ ok: true });
    expect(await late.join()).toEqual({ ok: true });
    await mary.sawEvent('joined', 'participantJoined', { userId: late.id });

    await late.run(() => window.meeting.self.enableAudio());
    await late.run(() => window.meeting.self.enableVideo());
    await Promise.all([mary.seesVideoOf(late.id), mary.hears(late.id)]);
  });

  it('whoever speaks becomes the active speaker', async () => {
    const speakers = [host, guest];
    for (const [speaker, listener] of [speakers, speakers.toReversed()] as [Person, Person][]) {
      await speaker.run(() => window.meeting.self.enableAudio());
      await listener.run(() => window.meeting.self.disableAudio());
      const speakerPeerId = await speaker.peerId();
      await until(
        'the speaker is the active speaker',
        async () =>
          (await listener.run(() => window.meeting.participants.lastActiveSpeaker)) === speakerPeerId,
      );
    }
  });
});
