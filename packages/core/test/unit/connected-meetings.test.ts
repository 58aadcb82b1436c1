import { answers, mayAlterRooms, mayEndEverywhere, mayMove } from '@parley/core';
import { RoomEvent, toClient } from '@parley/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identity, Meeting, participantOf } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

const TO_ROOM = { meetingId: 'red', isMain: false };
const TO_MAIN = { meetingId: 'main', isMain: true };
const rights = (alter: boolean, rooms: boolean, parent: boolean) => ({
  connected_meetings: {
    can_alter_connected_meetings: alter,
    can_switch_connected_meetings: rooms,
    can_switch_to_parent_meeting: parent,
  },
});
const moveOf = (peerId: string, presetId: string | null = null) => ({
  participantId: participantOf(peerId),
  presetId,
});

describe('being moved out', () => {
  it('takes every tab along, and says where its owner belongs in the same event (B04, B11)', () => {
    const meeting = new Meeting();
    meeting.join('desk', guest(), { participantId: "anna's" });
    meeting.join('phone', guest(), { participantId: "anna's" });
    meeting.join('ben');
    const told = meeting.do({
      type: 'MoveOut',
      moves: [{ participantId: "anna's", presetId: 'p' }],
      to: TO_ROOM,
    });
    expect(meeting.peerIds).toEqual(['ben']);
    const movedTo = { participantId: "anna's", meetingId: 'red', presetId: 'p' };
    expect(meeting.events.slice(-2)).toMatchObject([
      { type: 'PeerLeft', peerId: 'desk', reason: 'moved', movedTo },
      { type: 'PeerLeft', peerId: 'phone', reason: 'moved', movedTo },
    ]);
    const transfers = told.effects.filter((effect) => effect.type === 'transferPeer');
    expect(transfers).toEqual([
      { type: 'transferPeer', peerId: 'desk', participantId: "anna's" },
      { type: 'transferPeer', peerId: 'phone', participantId: "anna's" },
    ]);
    // The client closes the socket by itself, or it would not go to the other meeting (protocol.md 14).
    expect(told.effects.filter((effect) => effect.type === 'closeSockets')).toEqual([]);
    const left = told.effects.filter(
      (effect) => effect.type === 'message' && effect.event === RoomEvent.leaveRoom,
    );
    expect(left.at(-1)).toMatchObject({ to: ['ben'] });
  });

  it('keeps the preset between rooms, and gives the own one back in the main room (B04)', () => {
    const meeting = new Meeting();
    meeting.join('anna', guest());
    const { preset } = meeting.peer('anna');
    const [toRoom] = meeting.eventsOf({ type: 'MoveOut', moves: [moveOf('anna')], to: TO_ROOM });
    expect(toRoom).toMatchObject({ movedTo: { presetId: preset.id } });
    const [toMain] = meeting.eventsOf({ type: 'MoveOut', moves: [moveOf('anna')], to: TO_MAIN });
    expect(toMain).toMatchObject({ movedTo: { presetId: null } });
    const [given] = meeting.eventsOf({ type: 'MoveOut', moves: [moveOf('anna', 'other')], to: TO_MAIN });
    expect(given).toMatchObject({ movedTo: { presetId: 'other' } });
  });

  it('passes over who is not in, and everybody means no recorder (B08, R32)', () => {
    const meeting = new Meeting();
    expect(meeting.eventsOf({ type: 'MoveOut', moves: 'everybody', to: TO_MAIN })).toEqual([]);
    meeting.join('anna');
    meeting.join('bot', guest({ recorder_type: 'RECORDER' }));
    meeting.join('hidden', guest({ hidden_participant: true }));
    expect(meeting.eventsOf({ type: 'MoveOut', moves: [moveOf('ben')], to: TO_MAIN })).toEqual([]);
    meeting.do({ type: 'MoveOut', moves: 'everybody', to: TO_MAIN });
    expect(meeting.peerIds).toEqual(['bot']);
  });
});

describe('coming in by a move', () => {
  it('needs nobody to open, and no free seat (B04, W04)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    const join = meeting.joinCommand('anna', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    if (join.type !== 'Join') throw new Error('not a join');
    meeting.do({ ...join, invited: true, maxParticipants: 1 });
    expect(meeting.peerIds).toEqual(['host', 'anna']);
    expect(meeting.refusalOf({ ...join, who: identity('ben'), maxParticipants: 1 })).toBe('session_full');
  });

  it('starts a session that belongs to the one of the main room (B12)', () => {
    const meeting = new Meeting();
    const join = meeting.joinCommand('anna');
    if (join.type !== 'Join' || !join.newSession) throw new Error('not a join');
    meeting.do({ ...join, invited: true, newSession: { ...join.newSession, mainSessionId: 'main-session' } });
    expect(meeting.events[0]).toMatchObject({ type: 'SessionStarted', mainSessionId: 'main-session' });
  });
});

describe('the rights over connected meetings', () => {
  const any = fc.boolean();
  const someRights = fc.record({ alter: any, rooms: any, parent: any, kick: any });

  it('are those of the matrix, whatever a client asks for (B09, R26-R28)', () => {
    fc.assert(
      fc.property(someRights, any, any, any, any, (may, toMain, withPresets, self, others) => {
        const meeting = new Meeting();
        meeting.join(
          'anna',
          guest({ ...rights(may.alter, may.rooms, may.parent), kick_participant: may.kick }),
        );
        meeting.join('ben');
        const participantIds = [
          ...(self ? [participantOf('anna')] : []),
          ...(others ? [participantOf('ben')] : []),
        ];
        const anna = meeting.peer('anna');
        const maySwitch = toMain ? may.parent : may.rooms;
        const isAllowed = may.alter || (!others && !withPresets && maySwitch);
        expect(mayMove(anna, { participantIds, withPresets, toMain })).toBe(isAllowed);
        expect(mayAlterRooms(anna.permissions)).toBe(may.alter);
        expect(mayEndEverywhere(anna.permissions)).toBe(may.alter && may.kick);
      }),
    );
  });

  it('may be given and taken during the session (R26, S36)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('anna');
    expect(mayAlterRooms(meeting.peer('anna').permissions)).toBe(false);
    const patch = { connected_meetings: { can_alter_connected_meetings: true } };
    const changes = [{ participantId: participantOf('anna'), patch }];
    meeting.do({ type: 'ChangePermissions', by: 'host', changes });
    expect(mayAlterRooms(meeting.peer('anna').permissions)).toBe(true);
  });
});

describe('the list of connected meetings', () => {
  it('has each participant once, and nobody who is hidden (B03, R31, protocol.md 14)', () => {
    const people = [
      identity('desk'),
      { ...identity('phone'), participantId: participantOf('desk'), picture: 'https://example.org/a.png' },
      identity('ghost', guest({ hidden_participant: true })),
      identity('bot', guest({ recorder_type: 'RECORDER' })),
    ];
    const list = answers.connectedRooms({ meetingId: 'main', title: 'Main', people: [] }, [
      { meetingId: 'red', title: 'Red', people },
    ]);
    expect(list.parentMeeting).toEqual({ id: 'main', title: 'Main', participants: [] });
    expect(list.meetings).toEqual([
      {
        id: 'red',
        title: 'Red',
        participants: [
          {
            id: participantOf('desk'),
            displayName: 'PHONE',
            customParticipantId: 'custom-phone',
            presetId: guest().id,
            displayPictureUrl: 'https://example.org/a.png',
          },
        ],
      },
    ]);
    expect(() => toClient.encode(RoomEvent.getConnectedRoomsDump, list)).not.toThrow();
  });
});
