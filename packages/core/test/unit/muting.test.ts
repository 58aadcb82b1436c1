import { BACKEND, type MutableMedia } from '@parley/core';
import { MediaEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { call, SCREEN, toggle } from '../support/call.js';
import { Meeting } from '../support/meeting.js';
import { host } from '../support/presets.js';

describe('muting others', () => {
  const mute = (by: string, peerIds: string[] | 'everybody', ...what: MutableMedia[]) => ({
    type: 'MutePeers' as const,
    by,
    peerIds,
    what,
    forbidUnmute: false,
  });

  it('switches the microphone off and tells its owner who did it (R02, V11, protocol.md 8.1)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    meeting.produce('anna', 'camera', { kind: 'video' });
    const told = meeting.do(mute('host', ['anna'], 'audio'));
    expect(told.receivers(MediaEvent.peerProducerToggleBroadcast)).toEqual(['anna', 'host', 'ben']);
    expect(told.message(MediaEvent.peerProducerToggleBroadcast)).toMatchObject({
      participantId: 'anna',
      initiatorParticipantId: 'host',
      producerState: { producerId: 'mic', kind: 0, pause: true, screenShare: false },
    });
    expect(told.orders).toEqual([{ type: 'muteProducer', producerId: 'mic', muted: true }]);
    expect(meeting.peer('anna').producers.get('camera')?.paused).toBe(false);
  });

  it('switches the camera off (R03)', () => {
    const meeting = call();
    meeting.produce('anna', 'camera', { kind: 'video' });
    meeting.produce('anna', 'screen', SCREEN);
    meeting.do(mute('host', ['anna'], 'video'));
    expect(meeting.peer('anna').producers.get('camera')?.paused).toBe(true);
    expect(meeting.peer('anna').producers.get('screen')?.paused).toBe(false);
  });

  it('closes a screen share with its sound, since clients ignore a paused one (R04)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    meeting.produce('anna', 'screen', SCREEN);
    meeting.produce('anna', 'screen-sound', { screenShare: true });
    const told = meeting.do(mute('host', ['anna'], 'screenshare'));
    expect([...meeting.peer('anna').producers.keys()]).toEqual(['mic']);
    expect(told.receivers(MediaEvent.peerProducerCloseBroadcast)).toEqual(['host', 'ben', 'host', 'ben']);
    expect(told.orders).toEqual([
      { type: 'closeProducer', peerId: 'anna', producerId: 'screen' },
      { type: 'closeProducer', peerId: 'anna', producerId: 'screen-sound' },
    ]);
  });

  it('everybody spares the one who does it: his client would not notice (V10)', () => {
    const meeting = call();
    for (const peerId of ['host', 'anna', 'ben']) meeting.produce(peerId, `${peerId}-mic`);
    meeting.do(mute('host', 'everybody', 'audio'));
    const muted = meeting.peerIds.map((id) => meeting.peer(id).producers.get(`${id}-mic`)?.paused);
    expect(muted).toEqual([false, true, true]);
  });

  it.each([
    ['audio', 'disable_participant_audio'],
    ['video', 'disable_participant_video'],
    ['screenshare', 'disable_participant_screensharing'],
  ] as const)('%s needs its permission (R02-R04, E10)', (what, permission) => {
    const meeting = call();
    meeting.join('limited', host({ [permission]: false }));
    expect(meeting.refusalOf(mute('limited', ['anna'], what))).toBe('permission_denied');
    expect(meeting.refusalOf(mute('limited', 'everybody', what))).toBe('permission_denied');
    expect(meeting.refusalOf(mute('anna', ['ben'], what))).toBe('permission_denied');
    expect(meeting.refusalOf(mute('host', ['anna'], what))).toBeNull();
    expect(meeting.refusalOf(mute('stranger', ['anna'], what))).toBe('not_joined');
  });

  it('of nothing changes nothing and asks for a seat in the session', () => {
    const meeting = call();
    const nothing = { ...mute('anna', 'everybody'), forbidUnmute: true };
    expect(meeting.eventsOf(nothing)).toEqual([]);
    expect(meeting.refusalOf({ ...nothing, by: 'stranger' })).toBe('not_joined');
  });

  it('passes over the unknown, names nobody twice, and lets people unmute (S31)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    expect(meeting.eventsOf(mute('host', ['anna', 'anna', 'nobody'], 'audio'))).toHaveLength(1);
    meeting.do(mute('host', ['anna'], 'audio'));
    expect(meeting.eventsOf(mute('host', ['anna'], 'audio'))).toEqual([]);
    expect(meeting.refusalOf(toggle('anna', 'mic', false))).toBeNull();
  });

  const muteAll = (forbidUnmute: boolean) => ({
    ...mute('', 'everybody', 'audio'),
    by: BACKEND as typeof BACKEND,
    forbidUnmute,
  });

  it('by the backend may forbid to unmute, also with a new producer (X09)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    const told = meeting.do(muteAll(true));
    expect(told.to('anna')).toEqual(['media.peerProducerToggleBroadcast']);
    expect(meeting.refusalOf(toggle('anna', 'mic', false))).toBe('unmute_forbidden');
    const again = meeting.produce('anna', 'mic-2');
    expect(meeting.peer('anna').producers.get('mic-2')?.paused).toBe(true);
    expect(again.orders).toEqual([{ type: 'muteProducer', producerId: 'mic-2', muted: true }]);
  });

  it('forbidden to unmute holds for the microphone alone', () => {
    const meeting = call();
    meeting.do(muteAll(true));
    meeting.produce('anna', 'camera', { kind: 'video' });
    meeting.produce('anna', 'screen-sound', { screenShare: true });
    expect([...meeting.peer('anna').producers.values()].some((one) => one.paused)).toBe(false);
  });

  it('is allowed again by the next mute of everybody that allows it (X09)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    meeting.do(muteAll(true));
    meeting.do({ ...mute('host', ['anna'], 'audio') });
    expect(meeting.refusalOf(toggle('anna', 'mic', false))).toBe('unmute_forbidden');
    meeting.do(muteAll(false));
    expect(meeting.refusalOf(toggle('anna', 'mic', false))).toBeNull();
  });

  it('without a session is refused (K26)', () => {
    expect(new Meeting().refusalOf(muteAll(false))).toBe('no_session');
  });
});
