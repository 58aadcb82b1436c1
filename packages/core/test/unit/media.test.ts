import { answers, type Command } from '@parley/core';
import { MediaEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { call, SCREEN, toggle } from '../support/call.js';
import { Meeting, participantOf, produceCommand } from '../support/meeting.js';
import { guest, host, viewer } from '../support/presets.js';

const check = (by: string, kind: 'audio' | 'video', screenShare = false) => ({
  type: 'CheckProduce' as const,
  by,
  kind,
  screenShare,
});

describe('the media join', () => {
  it('is told to those who have completed theirs, and not to the peer itself (protocol.md 5.3)', () => {
    const meeting = new Meeting();
    meeting.joinWithMedia('anna');
    meeting.join('ben');
    meeting.join('cleo');
    const told = meeting.do({ type: 'JoinMedia', by: 'ben' });
    expect(told.receivers(MediaEvent.peerJoinedBroadcast)).toEqual(['anna']);
    expect(told.message(MediaEvent.peerJoinedBroadcast).participant).toMatchObject({
      peerId: 'ben',
      userId: participantOf('ben'),
      displayName: 'BEN',
      producerStates: [],
    });
  });

  it('is told once: the SDK would take up the producers twice', () => {
    expect(call().eventsOf({ type: 'JoinMedia', by: 'anna' })).toEqual([]);
  });

  it('is for joined peers alone (E10, W01)', () => {
    const meeting = call();
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    for (const by of ['wendy', 'stranger']) {
      expect(meeting.refusalOf({ type: 'JoinMedia', by })).toBe('not_joined');
      expect(meeting.refusalOf(check(by, 'audio'))).toBe('not_joined');
      expect(meeting.refusalOf(produceCommand(by, 'mic'))).toBe('not_joined');
    }
  });

  it('brings producers along that were made before it, once (protocol.md 6.3)', () => {
    const meeting = new Meeting();
    meeting.joinWithMedia('anna');
    meeting.join('ben');
    expect(meeting.produce('ben', 'mic').to('anna')).toEqual([]);
    const told = meeting.do({ type: 'JoinMedia', by: 'ben' });
    const { participant } = told.message(MediaEvent.peerJoinedBroadcast);
    expect(participant?.producerStates.map((state) => state.producerId)).toEqual(['mic']);
  });

  it('of a newcomer is answered with what the others send (protocol.md 5.2)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    meeting.do({ type: 'PinPeer', by: 'host', peerId: 'anna' });
    meeting.do({ type: 'RankSpeakers', peerIds: ['anna'] });
    meeting.joinWithMedia('ghost', guest({ hidden_participant: true }));
    const state = answers.mediaState(meeting.session, meeting.peer('ben'));
    expect(state.participants.map((one) => one.peerId)).toEqual(['host', 'anna']);
    expect(state.roomState).toMatchObject({ pinnedPeerIds: ['anna'], roomUuid: 'session-1' });
    expect(state.selectedPeers?.audioPeers).toEqual(['anna']);
    expect(state.participants[1]?.producerStates[0]).toMatchObject({ producerId: 'mic', kind: 0 });
  });

  it('begun anew gives every producer up by name (protocol.md 5.4)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    meeting.produce('anna', 'camera', { kind: 'video' });
    const told = meeting.do({ type: 'LeaveMedia', by: 'anna' });
    const closed = told.messages(MediaEvent.peerProducerCloseBroadcast, 'ben');
    expect(closed.map((one) => one.producerState?.producerId)).toEqual(['mic', 'camera']);
    expect(told.to('anna')).toEqual([]);
    expect(meeting.peer('anna').producers.size).toBe(0);
    expect(meeting.do({ type: 'JoinMedia', by: 'anna' }).to('ben')).toEqual(['media.peerJoinedBroadcast']);
  });

  it('may be given up by somebody who never joined (protocol.md 4)', () => {
    expect(call().eventsOf({ type: 'LeaveMedia', by: 'stranger' })).toEqual([]);
  });
});

describe('producing', () => {
  it('is told to the others with all that they need to consume (protocol.md 6.3)', () => {
    const meeting = call();
    const told = meeting.produce('anna', 'camera', { kind: 'video', mimeType: 'video/VP8' });
    expect(told.receivers(MediaEvent.peerProducerCreateBroadcast)).toEqual(['host', 'ben']);
    expect(told.message(MediaEvent.peerProducerCreateBroadcast)).toEqual({
      participantId: 'anna',
      producerState: {
        producerId: 'camera',
        kind: 1,
        pause: false,
        screenShare: false,
        appData: '{"mid":"2"}',
        producingTransportId: 'send-anna',
        mimeType: 'video/VP8',
      },
    });
  });

  it.each([
    ['audio', 'audio', false],
    ['video', 'video', false],
    ['screenshare', 'video', true],
  ] as const)('%s needs its permission (R13-R15, E10)', (name, kind, screenShare) => {
    for (const can_produce of ['NOT_ALLOWED', 'CAN_REQUEST'] as const) {
      const meeting = new Meeting();
      meeting.join('anna', guest({ media: { [name]: { can_produce } } }));
      expect(meeting.refusalOf(check('anna', kind, screenShare))).toBe('permission_denied');
      const produce = produceCommand('anna', 'p', { kind, screenShare });
      expect(meeting.refusalOf(produce)).toBe('permission_denied');
    }
  });

  it('on the stage is open to those who had to ask, and to nobody who may not (R12)', () => {
    const meeting = new Meeting();
    meeting.join('presenter', host({ stage_access: 'ALLOWED' }, { viewType: 'WEBINAR' }));
    meeting.join('vera', viewer({ media: { video: { can_produce: 'NOT_ALLOWED' } } }));
    meeting.do({ type: 'GrantStage', by: 'presenter', participantIds: [participantOf('vera')] });
    meeting.do({ type: 'JoinStage', by: 'vera' });
    expect(meeting.refusalOf(check('vera', 'audio'))).toBeNull();
    expect(meeting.refusalOf(check('vera', 'video'))).toBe('permission_denied');
  });

  it('video does not exist in an audio room (C21)', () => {
    const meeting = new Meeting();
    meeting.join('anna', guest({}, { viewType: 'AUDIO_ROOM' }));
    expect(meeting.refusalOf(check('anna', 'audio'))).toBeNull();
    expect(meeting.refusalOf(check('anna', 'video'))).toBe('video_not_in_this_meeting');
    expect(meeting.refusalOf(check('anna', 'video', true))).toBe('video_not_in_this_meeting');
  });

  it('screens at one time has the limit of the preset, over all peers (P07, M12)', () => {
    const meeting = call();
    meeting.produce('anna', 'screen', SCREEN);
    expect(meeting.refusalOf(check('ben', 'video', true))).toBe('too_many_screenshares');
    expect(meeting.refusalOf(check('anna', 'audio', true))).toBeNull();
    meeting.join('many', guest({}, { maxScreenshareCount: 2 }));
    expect(meeting.refusalOf(check('many', 'video', true))).toBeNull();
    meeting.do({ type: 'CloseProducers', by: 'anna', producerIds: ['screen'] });
    expect(meeting.refusalOf(check('ben', 'video', true))).toBeNull();
  });

  it('has a bound for each peer', () => {
    const meeting = call();
    for (let i = 0; i < 8; i++) meeting.produce('anna', `p${i}`);
    expect(meeting.refusalOf(check('anna', 'audio'))).toBe('too_many_producers');
  });

  it('refuses application data that would break the clients of others, or that is too long', () => {
    const meeting = call();
    const bad = ['', 'null', '[]', '{', '"text"', JSON.stringify({ x: 'x'.repeat(5000) })];
    for (const appData of bad) {
      const produce = produceCommand('anna', 'p', { appData });
      expect(meeting.refusalOf(produce), appData.slice(0, 20)).toBe('producer_invalid');
    }
    const produce = produceCommand('anna', 'p', { mimeType: 'x'.repeat(200) });
    expect(meeting.refusalOf(produce)).toBe('producer_invalid');
  });
});

describe('toggling and closing', () => {
  it('is told to the others, and kept from being sent whatever the client does (protocol.md 6.4)', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    const told = meeting.do(toggle('anna', 'mic', true));
    expect(told.receivers(MediaEvent.peerProducerToggleBroadcast)).toEqual(['host', 'ben']);
    expect(told.message(MediaEvent.peerProducerToggleBroadcast)).toMatchObject({
      participantId: 'anna',
      initiatorParticipantId: 'anna',
      producerState: { producerId: 'mic', pause: true, screenShare: false },
    });
    expect(told.orders).toEqual([{ type: 'muteProducer', producerId: 'mic', muted: true }]);
    expect(meeting.do(toggle('anna', 'mic', false)).orders).toEqual([
      { type: 'muteProducer', producerId: 'mic', muted: false },
    ]);
  });

  it('to the state it is in already changes nothing', () => {
    const meeting = call();
    meeting.produce('anna', 'mic', { paused: true });
    expect(meeting.eventsOf(toggle('anna', 'mic', true))).toEqual([]);
  });

  it('a producer that begins paused sends nothing', () => {
    const told = call().produce('anna', 'mic', { paused: true });
    expect(told.orders).toEqual([{ type: 'muteProducer', producerId: 'mic', muted: true }]);
  });

  it("is for one's own producers alone (E10)", () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    expect(meeting.refusalOf(toggle('ben', 'mic', true))).toBe('producer_unknown');
    expect(meeting.refusalOf(toggle('stranger', 'mic', true))).toBe('not_joined');
    const close: Command = { type: 'CloseProducers', by: 'ben', producerIds: ['mic'] };
    expect(meeting.eventsOf(close)).toEqual([]);
  });

  it('closing is told to the others by name, and twice is once', () => {
    const meeting = call();
    meeting.produce('anna', 'mic');
    const close: Command = { type: 'CloseProducers', by: 'anna', producerIds: ['mic', 'mic', 'none'] };
    const told = meeting.do(close);
    expect(told.receivers(MediaEvent.peerProducerCloseBroadcast)).toEqual(['host', 'ben']);
    expect(told.orders).toEqual([{ type: 'closeProducer', peerId: 'anna', producerId: 'mic' }]);
    expect(meeting.eventsOf(close)).toEqual([]);
  });
});
