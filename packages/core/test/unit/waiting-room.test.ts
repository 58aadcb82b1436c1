import { BACKEND } from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf, START } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

const waitsForAccept = guest({ waiting_room_type: 'SKIP_ON_ACCEPT' });
const waitsForHost = guest({ waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' });

/** A host inside and one person who waits to be accepted. */
function hostAndWaiting(): Meeting {
  const meeting = new Meeting();
  meeting.join('host', host());
  meeting.join('wendy', waitsForAccept);
  return meeting;
}

const accept = (...peerIds: string[]) => ({
  type: 'AcceptWaiting' as const,
  by: 'host',
  participantIds: peerIds.map(participantOf),
});
const deny = (...peerIds: string[]) => ({
  type: 'DenyWaiting' as const,
  by: 'host',
  participantIds: peerIds.map(participantOf),
});

describe('waiting', () => {
  it('is answered with waitlisted and announced to nobody (W01, S39)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('anna');
    const told = meeting.join('wendy', waitsForAccept);
    expect(told.to('wendy')).toEqual(['room.joinRoom!']);
    expect(told.receivers(RoomEvent.joinRoom)).toEqual(['wendy']);
    expect(told.message(RoomEvent.joinRoom).peer).toMatchObject({ peerId: 'wendy', waitlisted: true });
    expect(told.to('anna')).toEqual([]);
    expect(meeting.peerIds).not.toContain('wendy');
  });

  it('starts no session (W10, OQ07)', () => {
    const meeting = new Meeting();
    meeting.join('wendy', waitsForAccept);
    expect(meeting.state.session).toBeNull();
    expect(meeting.events.map((event) => event.type)).toEqual(['WaitingStarted']);
  });

  it('lets in at once who may skip (W04)', () => {
    const meeting = new Meeting();
    meeting.join('anna', guest({ waiting_room_type: 'SKIP' }));
    expect(meeting.peerIds).toEqual(['anna']);
  });

  it('waits for an explicit accept although a host is in (W02)', () => {
    const meeting = hostAndWaiting();
    expect(meeting.waitingIds).toEqual(['wendy']);
  });

  it('goes straight in when a privileged person is in already (W03)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('anna', waitsForHost);
    expect(meeting.peerIds).toEqual(['host', 'anna']);
  });

  it('is over for those who wait for a privileged person when one enters, and for no others (W03)', () => {
    const meeting = new Meeting();
    meeting.join('anna', waitsForHost);
    meeting.join('ben', waitsForHost);
    meeting.join('wendy', waitsForAccept);
    const told = meeting.join('host', host());
    expect(told.to('anna')).toEqual(['room.waitingRoomRequestAccepted']);
    expect(told.to('ben')).toEqual(['room.waitingRoomRequestAccepted']);
    expect(told.to('wendy')).toEqual([]);
    meeting.join('anna', waitsForHost);
    expect(meeting.peerIds).toEqual(['host', 'anna']);
  });

  it('is over as well when somebody inside becomes privileged (W03, S36)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.join('wendy', waitsForHost);
    meeting.join('boss', host({ accept_waiting_requests: false }));
    expect(meeting.waitingIds).toEqual(['wendy']);
    const patch = { accept_waiting_requests: true };
    const changes = [{ participantId: participantOf('anna'), patch }];
    const told = meeting.do({ type: 'ChangePermissions', by: 'boss', changes });
    expect(told.to('wendy')).toEqual(['room.waitingRoomRequestAccepted']);
  });

  it('is not for the privileged themselves when they are the first (W03)', () => {
    const meeting = new Meeting();
    meeting.join('host', host({ waiting_room_type: 'ON_PRIVILEGED_USER_ENTRY' }));
    expect(meeting.peerIds).toEqual(['host']);
  });

  it('ends with the socket, lost or closed: the client asks anew (protocol.md 3.6)', () => {
    for (const type of ['Leave', 'LoseConnection'] as const) {
      const meeting = hostAndWaiting();
      const told = meeting.do({ type, peerId: 'wendy' });
      expect(meeting.waitingIds).toEqual([]);
      expect(told.message(RoomEvent.getWaitingRoomRequests, 'host').requests).toEqual([]);
    }
  });

  it('has room for a bounded number of people', () => {
    const meeting = new Meeting();
    for (let i = 0; i < 1000; i++) meeting.join(`w${i}`, waitsForAccept);
    expect(meeting.refusalOf(meeting.joinCommand('late', waitsForAccept))).toBe('waiting_room_full');
    expect(meeting.refusalOf(meeting.joinCommand('w7', waitsForAccept))).toBeNull();
  });

  it('is over without an accept when the preset has changed meanwhile; the list follows', () => {
    const meeting = hostAndWaiting();
    const told = meeting.join('wendy', guest({ hidden_participant: true }));
    expect(meeting.peerIds).toEqual(['host', 'wendy']);
    expect(told.message(RoomEvent.getWaitingRoomRequests, 'host').requests).toEqual([]);
  });

  it('does not begin anew when the same peer asks again', () => {
    const meeting = hostAndWaiting();
    meeting.after(1000).join('wendy', waitsForAccept);
    expect(meeting.state.waiting.get('wendy')?.since).toBe(START);
  });
});

describe('the list of waiting people', () => {
  it('goes whole to those who may accept, at each change, and to nobody else (W05, R09)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('anna');
    meeting.join('wendy', waitsForAccept);
    const told = meeting.join('walt', waitsForAccept);
    expect(told.receivers(RoomEvent.getWaitingRoomRequests)).toEqual(['host']);
    const { requests } = told.message(RoomEvent.getWaitingRoomRequests);
    expect(requests.map((request) => request.peerId)).toEqual(['wendy', 'walt']);
    expect(requests[0]).toEqual({
      peerId: 'wendy',
      userId: participantOf('wendy'),
      displayName: 'WENDY',
      customParticipantId: 'custom-wendy',
      presetName: 'guest',
    });
  });

  it('is not repeated for every join, which takes a person off the list by itself (protocol.md 9)', () => {
    const meeting = hostAndWaiting();
    expect(meeting.join('anna').to('host')).toEqual(['room.joinRoom!']);
  });
});

describe('accepting', () => {
  it('calls the accepted peer in and takes it off the list (W02, W06)', () => {
    const meeting = hostAndWaiting();
    const told = meeting.do(accept('wendy'));
    expect(told.to('wendy')).toEqual(['room.waitingRoomRequestAccepted']);
    expect(told.message(RoomEvent.getWaitingRoomRequests, 'host').requests).toEqual([]);
    const joined = meeting.join('wendy', waitsForAccept);
    expect(joined.message(RoomEvent.joinRoom).peer?.waitlisted).toBe(false);
    expect(joined.to('host')).toEqual(['room.joinRoom!']);
    expect(meeting.waitingIds).toEqual([]);
  });

  it('leaves the event of the arrival as it was', () => {
    const meeting = hostAndWaiting();
    meeting.do(accept('wendy'));
    const arrival = meeting.events.find((event) => event.type === 'WaitingStarted');
    expect(arrival).toMatchObject({ peer: { admitted: false } });
  });

  it('takes many at once, every peer of each (W06)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    for (let i = 0; i < 10; i++) meeting.join(`w${i}`, waitsForAccept);
    meeting.join('w0-phone', waitsForAccept, { participantId: participantOf('w0') });
    const told = meeting.do(accept(...Array.from({ length: 10 }, (_, i) => `w${i}`)));
    expect(told.receivers(RoomEvent.waitingRoomRequestAccepted)).toHaveLength(11);
  });

  it('is refused without the permission, from outside and while waiting (R09, E10)', () => {
    const meeting = hostAndWaiting();
    meeting.join('anna');
    const tries: [string, string][] = [
      ['anna', 'permission_denied'],
      ['wendy', 'not_joined'],
      ['mallory', 'not_joined'],
    ];
    for (const [by, refusal] of tries) {
      expect(meeting.refusalOf({ ...accept('wendy'), by })).toBe(refusal);
      expect(meeting.refusalOf({ ...deny('wendy'), by })).toBe(refusal);
    }
  });

  it('passes over those who do not wait any more, and is told once (S31)', () => {
    const meeting = hostAndWaiting();
    meeting.do(accept('wendy'));
    expect(meeting.eventsOf(accept('wendy', 'nobody'))).toEqual([]);
  });

  it('counts for one entry only (X06)', () => {
    const meeting = hostAndWaiting();
    meeting.do(accept('wendy'));
    meeting.join('wendy', waitsForAccept);
    meeting.leave('wendy');
    meeting.join('wendy', waitsForAccept);
    expect(meeting.waitingIds).toEqual(['wendy']);
  });
});

describe('rejecting', () => {
  it('turns the peer away, which may ask again (W07, W11)', () => {
    const meeting = hostAndWaiting();
    const told = meeting.do(deny('wendy'));
    expect(told.to('wendy')).toEqual(['room.waitingRoomRequestDenied']);
    expect(told.orders).toEqual([]);
    expect(told.message(RoomEvent.getWaitingRoomRequests, 'host').requests).toEqual([]);
    meeting.join('wendy', waitsForAccept);
    expect(meeting.waitingIds).toEqual(['wendy']);
  });

  it('by the backend takes everybody, also those just accepted and without a session (OQ22)', () => {
    const meeting = new Meeting();
    meeting.join('wendy', waitsForAccept);
    expect(meeting.do({ type: 'DenyWaiting', by: BACKEND, participantIds: 'everybody' }).to('wendy')).toEqual(
      ['room.waitingRoomRequestDenied'],
    );
    const other = hostAndWaiting();
    other.do(accept('wendy'));
    other.do({ type: 'DenyWaiting', by: BACKEND, participantIds: 'everybody' });
    expect(other.waitingIds).toEqual([]);
  });
});
