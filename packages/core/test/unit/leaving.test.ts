import { BACKEND } from '@parley/core';
import { RoomEvent } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { KEEP_ALIVE_MS, Meeting, participantOf } from '../support/meeting.js';
import { guest, host } from '../support/presets.js';

function three(): Meeting {
  const meeting = new Meeting();
  meeting.join('host', host());
  meeting.join('anna');
  meeting.join('ben');
  return meeting;
}

describe('leaving', () => {
  it('takes the caller away and nobody else; the session stays (E04, E05)', () => {
    const meeting = three();
    const told = meeting.leave('anna');
    expect(told.to('host')).toEqual(['room.leaveRoom']);
    expect(told.to('ben')).toEqual(['room.leaveRoom']);
    expect(told.to('anna')).toEqual([]);
    expect(told.message(RoomEvent.leaveRoom).peer?.peerId).toBe('anna');
    expect(told.orders).toEqual([{ type: 'releaseMedia', peerIds: ['anna'] }]);
    expect(meeting.peerIds).toEqual(['host', 'ben']);
  });

  it('of an unknown peer does nothing', () => {
    const meeting = three();
    expect(meeting.eventsOf({ type: 'Leave', peerId: 'nobody' })).toEqual([]);
    expect(meeting.eventsOf({ type: 'LoseConnection', peerId: 'nobody' })).toEqual([]);
    expect(meeting.eventsOf({ type: 'GiveUpPeer', peerId: 'nobody', graceMs: 0 })).toEqual([]);
  });

  it('unpins who leaves and forgets its place among the speakers (X03)', () => {
    const meeting = three();
    meeting.do({ type: 'PinPeer', by: 'host', peerId: 'anna' });
    meeting.do({ type: 'RankSpeakers', peerIds: ['anna', 'ben'] });
    meeting.leave('anna');
    expect(meeting.session).toMatchObject({ pinnedPeerId: null, speakers: ['ben'] });
  });
});

describe('kicking', () => {
  it('removes the named peers and nobody else (K02, K27, K28, X03)', () => {
    const meeting = three();
    meeting.join('cleo');
    const told = meeting.do({ type: 'KickPeers', by: BACKEND, peerIds: ['anna', 'ben'] });
    expect(meeting.peerIds).toEqual(['host', 'cleo']);
    expect(told.to('anna')).toEqual(['room.kick']);
    expect(told.to('cleo')).toEqual(['room.leaveRoom', 'room.leaveRoom']);
    expect(told.messages(RoomEvent.leaveRoom, 'cleo').map((one) => one.peer?.peerId)).toEqual([
      'anna',
      'ben',
    ]);
  });

  it('says it first, then closes the socket, so that the client does not come back (OQ24)', () => {
    const meeting = three();
    const told = meeting.do({ type: 'KickPeers', by: 'host', peerIds: ['anna'] });
    expect(told.order).toEqual(['room.kick', 'room.leaveRoom', 'closeSockets', 'releaseMedia']);
    expect(told.orders).toEqual([
      { type: 'closeSockets', peerIds: ['anna'] },
      { type: 'releaseMedia', peerIds: ['anna'] },
    ]);
  });

  it('is never told to the host who does it, and is no answer (pitfall 11)', () => {
    const told = three().do({ type: 'KickPeers', by: 'host', peerIds: ['anna'] });
    expect(told.receivers(RoomEvent.kick)).toEqual(['anna']);
    expect(told.to('host')).toEqual(['room.leaveRoom']);
  });

  it('twice is once (S31, pitfall 18)', () => {
    const meeting = three();
    const kick = { type: 'KickPeers' as const, by: 'host', peerIds: ['anna', 'anna'] };
    meeting.do(kick);
    expect(meeting.eventsOf(kick)).toEqual([]);
    expect(meeting.refusalOf(kick)).toBeNull();
    expect(meeting.events.filter((event) => event.type === 'PeerLeft')).toHaveLength(1);
  });

  it('needs the permission, from hand-made clients as well (R01, X02, E10)', () => {
    const meeting = three();
    const kick = { type: 'KickPeers' as const, peerIds: ['ben'] };
    expect(meeting.refusalOf({ ...kick, by: 'anna' })).toBe('permission_denied');
    expect(meeting.refusalOf({ ...kick, by: 'stranger' })).toBe('not_joined');
  });

  it('without a session is refused (K26, OQ01)', () => {
    const meeting = new Meeting();
    expect(meeting.refusalOf({ type: 'KickPeers', by: BACKEND, peerIds: ['anna'] })).toBe('no_session');
  });

  it('is no ban (X06)', () => {
    const meeting = three();
    meeting.do({ type: 'KickPeers', by: 'host', peerIds: ['anna'] });
    meeting.join('anna');
    expect(meeting.peerIds).toContain('anna');
  });

  it('of the last one leaves the session in its keep-alive time (L06)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.do({ type: 'KickPeers', by: BACKEND, peerIds: ['anna'] });
    expect(meeting.session.emptySince).toBe(meeting.now);
  });

  it('may be given to a participant at run time (S36)', () => {
    const meeting = three();
    const changes = [{ participantId: participantOf('anna'), patch: { kick_participant: true } }];
    meeting.do({ type: 'ChangePermissions', by: 'host', changes });
    expect(meeting.refusalOf({ type: 'KickPeers', by: 'anna', peerIds: ['ben'] })).toBeNull();
  });
});

describe('ending the session', () => {
  it('removes everybody at once, the host included, with 31 and then the close (E01, E11, E12, L05)', () => {
    const meeting = three();
    const told = meeting.do({ type: 'EndSession', by: 'host' });
    expect(meeting.state.session).toBeNull();
    expect(told.order).toEqual(['room.kickAll', 'closeSockets', 'releaseMedia']);
    expect(told.receivers(RoomEvent.kickAll)).toEqual(['host', 'anna', 'ben']);
    expect(told.to('host')).toEqual(['room.kickAll']);
    const everybody = ['host', 'anna', 'ben'];
    expect(told.orders).toEqual([
      { type: 'closeSockets', peerIds: everybody },
      { type: 'releaseMedia', peerIds: everybody },
    ]);
    const end = { type: 'SessionEnded', reason: 'HOST_ENDED_MEETING', peerIds: everybody };
    expect(meeting.events.at(-1)).toMatchObject(end);
  });

  it('needs kick_participant, from hand-made clients as well (E06, E09, E10)', () => {
    const meeting = three();
    expect(meeting.refusalOf({ type: 'EndSession', by: 'anna' })).toBe('permission_denied');
    expect(meeting.refusalOf({ type: 'EndSession', by: 'stranger' })).toBe('not_joined');
  });

  it('needs no permission of the backend (E13)', () => {
    const meeting = three();
    meeting.do({ type: 'EndSession', by: BACKEND });
    expect(meeting.state.session).toBeNull();
  });

  it('a second time, or without a session, is refused (X05, OQ01)', () => {
    const meeting = three();
    meeting.do({ type: 'EndSession', by: BACKEND });
    expect(meeting.refusalOf({ type: 'EndSession', by: BACKEND })).toBe('no_session');
    expect(meeting.refusalOf({ type: 'EndSession', by: 'host' })).toBe('no_session');
  });

  it('turns away who waits, also who was just let in (OQ08)', () => {
    const meeting = three();
    const waits = guest({ waiting_room_type: 'SKIP_ON_ACCEPT' });
    meeting.join('wendy', waits);
    meeting.join('walt', waits);
    meeting.do({ type: 'AcceptWaiting', by: 'host', participantIds: [participantOf('walt')] });
    const told = meeting.do({ type: 'EndSession', by: 'host' });
    expect(told.receivers(RoomEvent.waitingRoomRequestDenied)).toEqual(['wendy', 'walt']);
    expect(meeting.waitingIds).toEqual([]);
    expect(meeting.state.session).toBeNull();
  });

  it('reaches those whose connection is lost: they do not come back into it', () => {
    const meeting = three();
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    const told = meeting.do({ type: 'EndSession', by: 'host' });
    expect(told.receivers(RoomEvent.kickAll)).toContain('anna');
    meeting.join('anna');
    expect(meeting.session.id).not.toBe('session-1');
  });

  it('leaves nothing of the session to the next one (E22, T06)', () => {
    const meeting = three();
    meeting.do({ type: 'SetStoreItems', by: 'anna', store: 's', items: [{ key: 'k', payload: '1' }] });
    meeting.do({ type: 'EndSession', by: 'host' });
    meeting.join('anna');
    expect(meeting.session).toMatchObject({ storeBytes: 0, pinnedPeerId: null, speakers: [] });
    expect(meeting.session.stores.size).toBe(0);
  });
});

describe('the keep-alive time', () => {
  const endIfAbandoned = { type: 'EndIfAbandoned' as const };

  it('begins when the last one has left and ends the session after it (L02, L03)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.after(1000).leave('anna');
    expect(meeting.session.emptySince).toBe(meeting.now);
    expect(meeting.after(KEEP_ALIVE_MS - 1).eventsOf(endIfAbandoned)).toEqual([]);
    meeting.after(1).do(endIfAbandoned);
    expect(meeting.state.session).toBeNull();
    expect(meeting.events.at(-1)).toMatchObject({ reason: 'ALL_PARTICIPANTS_LEFT', peerIds: [] });
  });

  it('does not run while somebody is in, even with a lost connection (S05)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    expect(meeting.after(KEEP_ALIVE_MS * 2).eventsOf(endIfAbandoned)).toEqual([]);
  });

  it('starts anew each time the session becomes empty', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.leave('anna');
    meeting.after(50_000).join('anna');
    meeting.leave('anna');
    expect(meeting.after(50_000).eventsOf(endIfAbandoned)).toEqual([]);
  });

  it('runs although a recorder stays, which goes when it is over (L13)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.join('recorder', guest({ recorder_type: 'RECORDER' }));
    meeting.leave('anna');
    meeting.leave('nobody');
    const told = meeting.after(KEEP_ALIVE_MS).do(endIfAbandoned);
    expect(told.to('recorder')).toEqual(['room.kickAll']);
  });

  it('is not begun anew by a recorder that comes or goes (L13)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.leave('anna');
    const emptySince = meeting.now;
    meeting.after(10_000).join('recorder', guest({ recorder_type: 'RECORDER' }));
    meeting.after(10_000).leave('recorder');
    expect(meeting.session.emptySince).toBe(emptySince);
  });

  it('does not run while a hidden participant is in (L12)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.join('agent', guest({ hidden_participant: true }));
    meeting.leave('anna');
    expect(meeting.session.emptySince).toBeNull();
  });

  it('keeps waiting people waiting when it ends the session', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    meeting.leave('host');
    meeting.after(KEEP_ALIVE_MS).do(endIfAbandoned);
    expect(meeting.waitingIds).toEqual(['wendy']);
  });
});
