import { RoomEvent, room } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf } from '../support/meeting.js';
import { guest, host, presenter, viewer } from '../support/presets.js';

const { StageType } = room;

/** A presenter, another one, and two viewers who must ask. */
function webinar(): Meeting {
  const meeting = new Meeting();
  meeting.joinWithMedia('presenter', presenter());
  meeting.joinWithMedia('moderator', presenter());
  meeting.joinWithMedia('vera', viewer());
  meeting.joinWithMedia('vic', viewer());
  return meeting;
}

const grant = (...peerIds: string[]) => ({
  type: 'GrantStage' as const,
  by: 'presenter',
  participantIds: peerIds.map(participantOf),
});
const deny = (...peerIds: string[]) => ({ ...grant(...peerIds), type: 'DenyStage' as const });
const leaveStage = (by: string, ...peerIds: string[]) => ({
  type: 'LeaveStage' as const,
  by,
  participantIds: peerIds.map(participantOf),
});

describe('the way onto the stage', () => {
  it('passes all four states: ask, grant, join, leave (G01, G04-G06)', () => {
    const meeting = webinar();
    const states = [meeting.peer('vera').stage];
    const note = () => states.push(meeting.peer('vera').stage);
    meeting.do({ type: 'RequestStage', by: 'vera' });
    note();
    meeting.do(grant('vera'));
    note();
    meeting.do({ type: 'JoinStage', by: 'vera' });
    note();
    meeting.do(leaveStage('vera', 'vera'));
    note();
    expect(states).toEqual([
      'OFF_STAGE',
      'REQUESTED_TO_JOIN_STAGE',
      'ACCEPTED_TO_JOIN_STAGE',
      'ON_STAGE',
      'OFF_STAGE',
    ]);
  });

  it('begins with a request that all see and the moderators find in their list (G09, G10)', () => {
    const told = webinar().do({ type: 'RequestStage', by: 'vera' });
    expect(told.to('vic')).toEqual(['room.peerStageStatusUpdate!']);
    expect(told.to('moderator')).toEqual(['room.peerStageStatusUpdate!', 'room.getStageRequests']);
    expect(told.message(RoomEvent.peerStageStatusUpdate)).toEqual({
      peerId: 'vera',
      userId: participantOf('vera'),
      stageType: StageType.REQUESTED_STAGE,
    });
    expect(told.receivers(RoomEvent.getStageRequests)).toEqual(['presenter', 'moderator']);
    expect(told.message(RoomEvent.getStageRequests).stageRequests).toEqual([
      { displayName: 'VERA', userId: participantOf('vera'), peerId: 'vera' },
    ]);
  });

  it('may be given up before it is granted (G05)', () => {
    const meeting = webinar();
    meeting.do({ type: 'RequestStage', by: 'vera' });
    const told = meeting.do({ type: 'CancelStageRequest', by: 'vera' });
    expect(meeting.peer('vera').stage).toBe('OFF_STAGE');
    expect(told.message(RoomEvent.getStageRequests).stageRequests).toEqual([]);
  });

  it('is open to many at once (G07)', () => {
    const meeting = webinar();
    const told = meeting.do(grant('vera', 'vic'));
    expect(told.receivers(RoomEvent.grantStageAccess)).toEqual(['vera', 'vic']);
    expect(told.to('vera')[0]).toBe('room.grantStageAccess');
  });

  it('is open by invitation, without a request (G08)', () => {
    const meeting = webinar();
    meeting.do(grant('vera'));
    expect(meeting.peer('vera').stage).toBe('ACCEPTED_TO_JOIN_STAGE');
    meeting.do({ type: 'JoinStage', by: 'vera' });
    expect(meeting.peer('vera').stage).toBe('ON_STAGE');
  });

  it('answers the join on event 38, which all others get without the id (protocol.md 10)', () => {
    const meeting = webinar();
    meeting.do(grant('vera'));
    const told = meeting.do({ type: 'JoinStage', by: 'vera' });
    expect(told.to('vera')).toEqual(['room.peerStageStatusUpdate!']);
    expect(told.message(RoomEvent.peerStageStatusUpdate).stageType).toBe(StageType.ON_STAGE);
  });

  it('answers somebody who is on the stage already as well: the client waits for it', () => {
    const told = webinar().do({ type: 'JoinStage', by: 'presenter' });
    expect(told.to('presenter')[0]).toBe('room.peerStageStatusUpdate!');
  });

  it('is closed without a grant, also after a denial or a cancelled request (G15, E10)', () => {
    const meeting = webinar();
    const join = { type: 'JoinStage' as const, by: 'vera' };
    expect(meeting.refusalOf(join)).toBe('stage_not_accepted');
    meeting.do({ type: 'RequestStage', by: 'vera' });
    expect(meeting.refusalOf(join)).toBe('stage_not_accepted');
    meeting.do(deny('vera'));
    expect(meeting.refusalOf(join)).toBe('stage_not_accepted');
  });

  it('is open at once to those whose access is ALLOWED (R12, G15)', () => {
    const meeting = webinar();
    meeting.do(leaveStage('moderator', 'moderator'));
    expect(meeting.refusalOf({ type: 'JoinStage', by: 'moderator' })).toBeNull();
    meeting.do({ type: 'RequestStage', by: 'moderator' });
    expect(meeting.peer('moderator').stage).toBe('ACCEPTED_TO_JOIN_STAGE');
  });

  it('is closed to those whose access is NOT_ALLOWED, granted or not (R12)', () => {
    const meeting = webinar();
    meeting.join('sam', viewer({ stage_access: 'NOT_ALLOWED' }));
    expect(meeting.refusalOf({ type: 'RequestStage', by: 'sam' })).toBe('permission_denied');
    expect(meeting.eventsOf(grant('sam'))).toEqual([]);
    expect(meeting.refusalOf({ type: 'JoinStage', by: 'sam' })).toBe('permission_denied');
  });

  it('does not exist in a meeting without a stage (G16)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('anna');
    for (const type of ['RequestStage', 'JoinStage'] as const) {
      expect(meeting.refusalOf({ type, by: 'anna' })).toBe('stage_disabled');
    }
    for (const type of ['GrantStage', 'DenyStage'] as const) {
      const command = { type, by: 'host', participantIds: [participantOf('anna')] };
      expect(meeting.refusalOf(command)).toBe('permission_denied');
    }
    expect(meeting.eventsOf(leaveStage('anna', 'anna'))).toEqual([]);
    expect(meeting.peer('anna').stage).toBe('ON_STAGE');
  });
});

describe('moderators', () => {
  it('alone grant, deny and remove (R11, G16, E10)', () => {
    const meeting = webinar();
    meeting.do({ type: 'RequestStage', by: 'vera' });
    expect(meeting.refusalOf({ ...grant('vera'), by: 'vic' })).toBe('permission_denied');
    expect(meeting.refusalOf({ ...deny('vera'), by: 'vic' })).toBe('permission_denied');
    expect(meeting.refusalOf(leaveStage('vic', 'presenter'))).toBe('permission_denied');
    expect(meeting.refusalOf({ ...grant('vera'), by: 'stranger' })).toBe('not_joined');
  });

  it('are those who may accept stage requests or production requests, as the SDK reads it (R11)', () => {
    const meeting = webinar();
    const either = { can_accept_production_requests: true, accept_stage_requests: false };
    meeting.join('one', viewer(either));
    meeting.join('two', viewer({ can_accept_production_requests: false, accept_stage_requests: true }));
    for (const by of ['one', 'two']) expect(meeting.refusalOf({ ...grant('vera'), by })).toBeNull();
  });

  it('deny: the person is told and off the list (G07, G09)', () => {
    const meeting = webinar();
    meeting.do({ type: 'RequestStage', by: 'vera' });
    const told = meeting.do(deny('vera'));
    expect(told.to('vera')).toEqual(['room.denyStageAccess', 'room.peerStageStatusUpdate!']);
    expect(told.message(RoomEvent.getStageRequests).stageRequests).toEqual([]);
    expect(meeting.eventsOf(deny('vera', 'vic', 'nobody'))).toEqual([]);
  });

  it('remove somebody from the stage who stays in the session (G07)', () => {
    const meeting = webinar();
    meeting.do(grant('vera'));
    meeting.do({ type: 'JoinStage', by: 'vera' });
    const told = meeting.do(leaveStage('presenter', 'vera'));
    expect(meeting.peer('vera').stage).toBe('OFF_STAGE');
    expect(meeting.peerIds).toContain('vera');
    expect(told.message(RoomEvent.peerStageStatusUpdate, 'vera').stageType).toBe(StageType.OFF_STAGE);
  });

  it('learn that somebody who asked has gone, or their next request would go unnoticed (G10)', () => {
    const meeting = webinar();
    meeting.do({ type: 'RequestStage', by: 'vera' });
    const told = meeting.leave('vera');
    expect(told.to('presenter')).toEqual(['room.leaveRoom', 'room.getStageRequests']);
    expect(told.message(RoomEvent.getStageRequests).stageRequests).toEqual([]);
    expect(meeting.leave('vic').receivers(RoomEvent.getStageRequests)).toEqual([]);
  });
});

describe('leaving the stage', () => {
  it('concerns the calling peer alone, not the other devices of its participant (C17)', () => {
    const meeting = webinar();
    meeting.join('vera-phone', viewer(), { participantId: participantOf('vera') });
    meeting.do(grant('vera'));
    meeting.do({ type: 'JoinStage', by: 'vera' });
    meeting.do({ type: 'JoinStage', by: 'vera-phone' });
    meeting.do(leaveStage('vera', 'vera'));
    expect(meeting.peer('vera').stage).toBe('OFF_STAGE');
    expect(meeting.peer('vera-phone').stage).toBe('ON_STAGE');
  });

  it('stops what the person sends, and who was removed is told to switch off (G02, G06)', () => {
    const meeting = webinar();
    meeting.do(grant('vera'));
    meeting.do({ type: 'JoinStage', by: 'vera' });
    meeting.produce('vera', 'mic');
    const told = meeting.do(leaveStage('presenter', 'vera'));
    expect(meeting.peer('vera').producers.get('mic')?.paused).toBe(true);
    expect(told.to('vera')).toContain('media.peerProducerToggleBroadcast');
    expect(told.orders).toEqual([{ type: 'muteProducer', producerId: 'mic', muted: true }]);
    const unmute = { type: 'ToggleProducer' as const, by: 'vera', producerId: 'mic', paused: false };
    expect(meeting.refusalOf(unmute)).toBe('off_stage');
  });

  it('is not allowed to bring others along', () => {
    const meeting = webinar();
    meeting.do(grant('vera'));
    meeting.do({ type: 'JoinStage', by: 'vera' });
    expect(meeting.refusalOf(leaveStage('vera', 'vera', 'presenter'))).toBe('permission_denied');
  });
});

describe('off the stage', () => {
  it('nothing may be sent, and chat and polls work (G02, G13)', () => {
    const meeting = webinar();
    const check = { type: 'CheckProduce' as const, by: 'vera', kind: 'audio' as const, screenShare: false };
    expect(meeting.refusalOf(check)).toBe('off_stage');
    const chat = { type: 'SendChat' as const, by: 'vera', messageId: 'm', payloadType: 0, payload: 'hi' };
    expect(meeting.refusalOf({ ...chat, toPeerIds: null })).toBeNull();
  });

  it('a hidden person changes stage without the others seeing it (R31)', () => {
    const meeting = webinar();
    meeting.join('ghost', viewer({ hidden_participant: true }));
    const told = meeting.do(grant('ghost'));
    expect(told.receivers(RoomEvent.peerStageStatusUpdate)).toEqual(['ghost']);
  });

  it('somebody without a preset of a stage is on it for good', () => {
    const meeting = webinar();
    meeting.join('anna', guest());
    expect(meeting.eventsOf(leaveStage('presenter', 'anna'))).toEqual([]);
  });
});
