import { RoomEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf } from '../support/meeting.js';
import { guest, presenter, viewer } from '../support/presets.js';

/** A host on the stage, and two who watch. */
function livestream(): Meeting {
  const meeting = new Meeting();
  meeting.joinWithMedia('host', presenter({}, 'LIVESTREAM'));
  meeting.join('vera', viewer({}, 'LIVESTREAM'));
  meeting.join('vic', viewer({}, 'LIVESTREAM'));
  return meeting;
}

function putOnStage(meeting: Meeting, peerId: string): void {
  meeting.do({ type: 'GrantStage', by: 'host', participantIds: [participantOf(peerId)] });
  meeting.do({ type: 'JoinStage', by: peerId });
  meeting.do({ type: 'JoinMedia', by: peerId });
}

describe('the media of a livestream', () => {
  it('is for the stage alone: viewers are in the session without it (LS08)', () => {
    const meeting = livestream();
    expect(meeting.peer('host').stage).toBe('ON_STAGE');
    expect(meeting.peer('vera').stage).toBe('OFF_STAGE');
    expect(meeting.refusalOf({ type: 'JoinMedia', by: 'vera' })).toBe('off_stage');
    meeting.do({ type: 'GrantStage', by: 'host', participantIds: [participantOf('vera')] });
    expect(meeting.refusalOf({ type: 'JoinMedia', by: 'vera' })).toBe('off_stage');
    meeting.do({ type: 'JoinStage', by: 'vera' });
    expect(meeting.refusalOf({ type: 'JoinMedia', by: 'vera' })).toBeNull();
  });

  it('ends on the way back to the audience, which is no leave (G06)', () => {
    const meeting = livestream();
    putOnStage(meeting, 'vera');
    meeting.produce('vera', 'camera', { kind: 'video' });
    const told = meeting.do({ type: 'LeaveStage', by: 'vera', participantIds: [participantOf('vera')] });
    expect(told.to('host')).toContain('media.peerProducerCloseBroadcast');
    expect(told.orders).toContainEqual({ type: 'releaseMedia', peerIds: ['vera'] });
    expect(meeting.peer('vera')).toMatchObject({ stage: 'OFF_STAGE', mediaJoined: false });
    expect(meeting.peer('vera').producers.size).toBe(0);
    putOnStage(meeting, 'vera');
    expect(meeting.peer('vera').mediaJoined).toBe(true);
  });

  it('ends for who is taken from the stage, whatever his client does (G07)', () => {
    const meeting = livestream();
    putOnStage(meeting, 'vera');
    putOnStage(meeting, 'vic');
    const participantIds = ['vera', 'vic'].map(participantOf);
    const told = meeting.do({ type: 'LeaveStage', by: 'host', participantIds });
    expect(told.orders).toEqual([
      { type: 'releaseMedia', peerIds: ['vera'] },
      { type: 'releaseMedia', peerIds: ['vic'] },
    ]);
    expect(meeting.peerIds).toEqual(['host', 'vera', 'vic']);
  });
});

describe('the number of people in a livestream', () => {
  const count = (meeting: Meeting) => meeting.do({ type: 'TellPeerCount' });

  it('counts hosts and viewers, and is told to each newcomer at once (S44)', () => {
    const meeting = livestream();
    const told = meeting.join('vito', viewer({}, 'LIVESTREAM'));
    expect(told.message(RoomEvent.roomPeerCount)).toEqual({ count: 4 });
    expect(told.receivers(RoomEvent.roomPeerCount)).toEqual(['vito']);
    expect(count(meeting).receivers(RoomEvent.roomPeerCount)).toEqual(['host', 'vera', 'vic', 'vito']);
  });

  it('is told every two seconds at the most, however many come and go', () => {
    const meeting = livestream();
    expect(count(meeting).message(RoomEvent.roomPeerCount)).toEqual({ count: 3 });
    for (let i = 0; i < 50; i++) {
      meeting.after(10).join(`viewer-${i}`, viewer({}, 'LIVESTREAM'));
      expect(count(meeting).order).toEqual([]);
    }
    meeting.after(1500);
    expect(count(meeting).message(RoomEvent.roomPeerCount)).toEqual({ count: 53 });
    expect(count(meeting.after(60_000)).order).toEqual([]);
    meeting.leave('vera');
    expect(count(meeting).message(RoomEvent.roomPeerCount)).toEqual({ count: 52 });
  });

  it('leaves out who cannot be seen, and is no business of other meetings', () => {
    const meeting = livestream();
    meeting.join('hidden', viewer({ hidden_participant: true }, 'LIVESTREAM'));
    expect(count(meeting).message(RoomEvent.roomPeerCount)).toEqual({ count: 3 });
    const ordinary = new Meeting();
    expect(ordinary.join('anna', guest()).receivers(RoomEvent.roomPeerCount)).toEqual([]);
    expect(count(ordinary).order).toEqual([]);
  });
});
