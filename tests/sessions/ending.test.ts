import { RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';

const REMOVED = { code: 1000, reason: 'removed from the session' };

describe.skipIf(!serverIsBuilt)('ending a session and removing people, as the socket shows it', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  const joinedRaw = async (meeting: string, name: string, preset?: string): Promise<RawSocket> => {
    const socket = await stage.rawSocket(await stage.invite(meeting, name, preset));
    expect(await socket.join(name)).toBeNull();
    return socket;
  };
  const eventsOf = (socket: RawSocket) => socket.frames.map(({ event }) => event);
  const seenLeaving = (socket: RawSocket) =>
    socket.received(RoomEvent.leaveRoom).map(({ peer }) => peer?.peerId);

  test('kickAll by a host: message 31 to everybody, himself included, then close 1000 (E01, E03, E11, E12, X01)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await joinedRaw(meeting, 'Mary', 'group_call_host');
    const guests = [await joinedRaw(meeting, 'Tom'), await joinedRaw(meeting, 'Ann')];
    const { id } = (await stage.activeSession(meeting))!;
    host.send(RoomEvent.kickAll, { propagateKickAcrossRooms: true });

    for (const socket of [host, ...guests]) {
      expect(await socket.closed).toEqual(REMOVED);
      expect(eventsOf(socket).at(-1)).toBe(RoomEvent.kickAll);
      expect(eventsOf(socket).filter((event) => event === RoomEvent.kickAll)).toHaveLength(1);
      expect(socket.frames.at(-1)!.id).toBeUndefined();
      expect(seenLeaving(socket)).toEqual([]);
    }
    const session = await stage.session(id);
    expect(session).toMatchObject({ status: 'ENDED', live_participants: 0 });
    expect(Date.parse(session.ended_at!)).toBeGreaterThan(Date.parse(session.started_at!));
  });

  test('the permission is known before the join, and is the one of the preset (E06, E07, E08, E26, P15)', async () => {
    const meeting = await stage.backend.newMeeting();
    for (const [preset, mayKick] of [
      ['group_call_host', true],
      ['group_call_participant', false],
    ] as const) {
      const { token } = await stage.invite(meeting, preset, preset);
      const response = await fetch(`${stage.parley.httpUrl}/v2/internals/participant-details`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const { data } = await response.json();
      expect(data.preset.name).toBe(preset);
      expect(data.preset.permissions.kick_participant).toBe(mayKick);
    }
    expect(await stage.activeSession(meeting)).toBeNull();
  });

  test('a hand-made client without the permission ends nothing, nor does one that has not joined (E06, E09, E10)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await joinedRaw(meeting, 'Tom');
    const outside = await stage.rawSocket(await stage.invite(meeting, 'Ann', 'group_call_host'));
    const kickAll = { propagateKickAcrossRooms: true };
    expect(await guest.refusalOf(RoomEvent.kickAll, kickAll)).toBe('Your preset does not allow this');
    expect(await outside.refusalOf(RoomEvent.kickAll, kickAll)).toBe('You have not joined the session');
    for (const socket of [guest, outside]) {
      const refusal = await socket.refusalOf(RoomEvent.kick, { peerIds: [host.peerId] });
      expect(refusal).toMatch(/preset does not allow|not joined/);
    }
    expect(host.state).toBe('joined');
    expect(await stage.activeSession(meeting)).toMatchObject({ status: 'LIVE', live_participants: 2 });
  });

  test('kick by a host, sent twice as the SDK does: message 30 and close 1000 for one, one leave for the others (K27, K28, X02, X03, S31)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await joinedRaw(meeting, 'Mary', 'group_call_host');
    const [tom, ann] = [await joinedRaw(meeting, 'Tom'), await joinedRaw(meeting, 'Ann')];
    const { id } = (await stage.activeSession(meeting))!;
    host.send(RoomEvent.kick, { peerIds: [tom.peerId] });
    host.send(RoomEvent.kick, { peerIds: [tom.peerId] });

    expect(await tom.closed).toEqual(REMOVED);
    expect(eventsOf(tom).slice(-1)).toEqual([RoomEvent.kick]);
    // What is asked afterwards is answered after both kicks.
    await host.refusalOf(RoomEvent.getRoomInfo);
    await ann.refusalOf(RoomEvent.getRoomInfo);
    for (const socket of [host, ann]) {
      expect(seenLeaving(socket)).toEqual([tom.peerId]);
      expect(eventsOf(socket)).not.toContain(RoomEvent.kick);
    }
    expect(await stage.activeSession(meeting)).toMatchObject({ id, status: 'LIVE', live_participants: 2 });
    const rows = await stage.peersOf(id);
    expect(rows.filter(({ left_at }) => left_at !== undefined).map((row) => row.id)).toEqual([tom.peerId]);
  });

  test('kick of peers who are unknown, gone or named twice concerns those who are there (X02, OQ04)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await joinedRaw(meeting, 'Mary', 'group_call_host');
    const [tom, ann] = [await joinedRaw(meeting, 'Tom'), await joinedRaw(meeting, 'Ann')];
    const unknown = '813432c7-3c5a-45e2-9acf-eef7061c7584';
    host.send(RoomEvent.kick, { peerIds: [unknown, tom.peerId, tom.peerId, 'no id at all'] });
    await tom.closed;
    await host.refusalOf(RoomEvent.getRoomInfo);
    expect(seenLeaving(host)).toEqual([tom.peerId]);
    expect(ann.close).toBeNull();
  });

  test('a kick is no ban: with the same token and the same peer id (X06)', async () => {
    const meeting = await stage.backend.newMeeting();
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const invited = await stage.invite(meeting, 'Tom');
    const tom = await stage.enterAgain(invited);
    const { id } = (await stage.activeSession(meeting))!;
    host.kick(tom.peerId);
    await tom.reached('kicked');
    const back = await until('the server lets him in', () =>
      stage.enterAgain(invited, { peerId: tom.peerId }).catch(() => null),
    );
    expect(back.state).toBe('joined');
    expect((await stage.activeSession(meeting))?.id).toBe(id);
  });

  test('after the end everybody may come again, which is a new session (E21, E22)', async () => {
    const meeting = await stage.backend.newMeeting();
    const invited = await stage.invite(meeting, 'Mary', 'group_call_host');
    const host = await stage.enterAgain(invited);
    const first = await stage.activeSession(meeting);
    host.kickAll();
    await host.reached('ended');
    const again = await stage.enterAgain(invited);
    expect(again.state).toBe('joined');
    const second = await stage.activeSession(meeting);
    expect(second?.id).not.toBe(first!.id);
    expect((await stage.session(first!.id)).status).toBe('ENDED');
  });

  test('kickAll turns away those who wait as well (OQ08, E11)', async () => {
    const meeting = await stage.backend.newMeeting();
    await stage.backend.newPreset('waits, and is sent away', 'group_call_participant', {
      waiting_room_type: 'SKIP_ON_ACCEPT',
    });
    const host = await stage.enter(meeting, 'Mary', 'group_call_host');
    const guest = await stage.enter(meeting, 'Tom', 'waits, and is sent away');
    expect(guest.state).toBe('waitlisted');
    host.kickAll();
    await guest.reached('rejected');
    await host.reached('ended');
    await expect(stage.backend.kickAll(meeting)).rejects.toMatchObject({ status: 404 });
  });

  test('kick-all first, then INACTIVE: whoever tries meanwhile ends outside (X14, L18, E23)', async () => {
    const meeting = await stage.backend.newMeeting();
    const invited = await Promise.all(
      Array.from({ length: 10 }, (_, index) => stage.invite(meeting, `Guest ${index}`)),
    );
    const peers = await Promise.all(invited.map((one) => stage.enterAgain(one)));
    let trying = true;
    const attempts = invited.map(async (one) => {
      while (trying) await stage.enterAgain(one).catch(() => null);
    });
    await stage.backend.kickAll(meeting);
    await Promise.all(peers.map((peer) => peer.reached('ended')));
    await stage.backend.setStatus(meeting, 'INACTIVE');
    // Who came between the two calls is in a session that the second kick-all of the recipe ends.
    await stage.backend.kickAll(meeting).catch(() => undefined);
    trying = false;
    await Promise.all(attempts);

    expect(await stage.activeSession(meeting)).toBeNull();
    for (const one of invited) await expect(stage.enterAgain(one)).rejects.toThrow();
    expect((await stage.sessionsOf(meeting)).every(({ status }) => status === 'ENDED')).toBe(true);
  });
});
