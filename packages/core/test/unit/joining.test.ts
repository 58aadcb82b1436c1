import { RoomEvent, room } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { KEEP_ALIVE_MS, Meeting, participantOf, START } from '../support/meeting.js';
import { guest, host, presenter, viewer } from '../support/presets.js';

describe('joining', () => {
  it('starts the session with the first one in (C08, L01)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    expect(meeting.events.map((event) => event.type)).toEqual(['SessionStarted', 'PeerJoined']);
    expect(meeting.session).toMatchObject({ id: 'session-1', title: 'Weekly', startedAt: START });
    expect(meeting.session.emptySince).toBeNull();
  });

  it('lets everybody else into the same session (C09)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.join('ben');
    expect(meeting.session.id).toBe('session-1');
    expect(meeting.peerIds).toEqual(['anna', 'ben']);
  });

  it('begins a new session after the last one has ended (E22)', () => {
    const meeting = new Meeting();
    meeting.join('anna', host());
    meeting.do({ type: 'EndSession', by: 'anna' });
    meeting.join('anna');
    expect(meeting.session.id).toBe('session-2');
  });

  it('continues the session when somebody comes within the keep-alive time (L04, OQ21)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.leave('anna');
    meeting.after(KEEP_ALIVE_MS - 1).join('anna');
    expect(meeting.session).toMatchObject({ id: 'session-1', emptySince: null });
  });

  it('takes several peers of one participant (C17, C18)', () => {
    const meeting = new Meeting();
    meeting.join('anna-phone', guest(), { participantId: 'anna' });
    meeting.join('anna-desk', guest(), { participantId: 'anna' });
    expect(meeting.peerIds).toEqual(['anna-phone', 'anna-desk']);
  });

  it('lets in no more than the meeting wants, not counting recorders, and takes back who is in', () => {
    const meeting = new Meeting();
    const joining = (peerId: string, preset = guest()) => ({
      ...meeting.joinCommand(peerId, preset),
      maxParticipants: 2,
    });
    meeting.do(joining('recorder', guest({ recorder_type: 'RECORDER' })));
    meeting.do(joining('anna'));
    meeting.do(joining('ben'));
    expect(meeting.refusalOf(joining('chris'))).toBe('session_full');
    meeting.do(joining('ben'));
    meeting.do(joining('second-recorder', guest({ recorder_type: 'RECORDER' })));
    meeting.leave('anna');
    meeting.do(joining('chris'));
    expect(meeting.peerIds).toEqual(['recorder', 'ben', 'second-recorder', 'chris']);
  });

  it("refuses a peer id that is another participant's, joined or waiting", () => {
    const meeting = new Meeting();
    meeting.join('anna', host());
    meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    for (const peerId of ['anna', 'wendy']) {
      const command = meeting.joinCommand(peerId, guest(), { participantId: 'mallory' });
      expect(meeting.refusalOf(command)).toBe('peer_id_taken');
    }
  });

  it('tells all joined peers, and the new one by the answer alone (protocol.md 5.3, pitfall 12)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    const told = meeting.join('ben');
    expect(told.to('anna')).toEqual(['room.joinRoom!']);
    expect(told.to('ben')).toEqual(['room.joinRoom!']);
    expect(told.receivers(RoomEvent.joinRoom)).toEqual(['anna', 'ben']);
  });

  it('says all that the SDK reads of a peer (S38, pitfalls 1-3)', () => {
    const meeting = new Meeting();
    const { peer } = meeting.join('anna', host()).message(RoomEvent.joinRoom);
    expect(peer).toEqual({
      peerId: 'anna',
      userId: participantOf('anna'),
      displayName: 'ANNA',
      stageType: room.StageType.ON_STAGE,
      customParticipantId: 'custom-anna',
      presetId: 'preset-host',
      waitlisted: false,
      flags: { presetName: 'host', recorderType: 'NONE', hiddenParticipant: false },
    });
    const picture = 'https://example.org/ben.png';
    const told = meeting.join('ben', guest(), { picture });
    expect(told.message(RoomEvent.joinRoom).peer?.displayPictureUrl).toBe(picture);
  });

  it('puts people with a stage on it or off it by their stage access (G03, G14)', () => {
    const meeting = new Meeting();
    meeting.join('presenter', presenter());
    meeting.join('viewer', viewer());
    meeting.join('spectator', viewer({ stage_access: 'NOT_ALLOWED' }));
    meeting.join('guest', guest({ media: { audio: { can_produce: 'NOT_ALLOWED' } } }));
    const stages = meeting.peerIds.map((peerId) => meeting.peer(peerId).stage);
    expect(stages).toEqual(['ON_STAGE', 'OFF_STAGE', 'OFF_STAGE', 'ON_STAGE']);
  });

  it('derives the stage access from the media permissions when the preset does not say it (R12)', () => {
    const meeting = new Meeting();
    meeting.join('speaker', guest({}, { viewType: 'WEBINAR' }));
    const asking = { can_produce: 'CAN_REQUEST' as const };
    meeting.join(
      'listener',
      guest({ media: { audio: asking, video: asking, screenshare: asking } }, { viewType: 'WEBINAR' }),
    );
    meeting.join('enabled', guest({ stage_enabled: true, stage_access: 'CAN_REQUEST' }));
    const stages = meeting.peerIds.map((peerId) => meeting.peer(peerId).stage);
    expect(stages).toEqual(['ON_STAGE', 'OFF_STAGE', 'OFF_STAGE']);
  });

  it('cuts a display name to its bound and drops what the log cannot keep', () => {
    const meeting = new Meeting();
    meeting.join('anna', guest(), { displayName: `A\0\ud83dnna` });
    expect(meeting.peer('anna').displayName).toBe('Anna');
    meeting.join('ben', guest(), { displayName: '😀'.repeat(300) });
    expect(meeting.peer('ben').displayName).toBe('😀'.repeat(256));
  });

  it('refuses more peers than a session holds', () => {
    const meeting = new Meeting();
    for (let i = 0; i < 10_000; i++) meeting.join(`p${i}`);
    expect(meeting.refusalOf(meeting.joinCommand('one-more'))).toBe('session_full');
    expect(meeting.refusalOf(meeting.joinCommand('p1'))).toBeNull();
  });
});

describe('coming back', () => {
  it('puts a known peer back into its place and tells nobody else (S05, S25, S46)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.join('ben');
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    expect(meeting.peer('anna').lostAt).toBe(START);
    const told = meeting.after(5000).join('anna');
    expect(told.to('anna')).toEqual(['room.joinRoom!']);
    expect(told.to('ben')).toEqual([]);
    expect(meeting.peer('anna')).toMatchObject({ lostAt: null, joinedAt: START });
    expect(meeting.peerIds).toEqual(['anna', 'ben']);
  });

  it('comes back as it was on the stage (pitfall 17)', () => {
    const meeting = new Meeting();
    meeting.join('viewer', viewer());
    meeting.join('presenter', presenter());
    meeting.do({ type: 'GrantStage', by: 'presenter', participantIds: [participantOf('viewer')] });
    meeting.do({ type: 'JoinStage', by: 'viewer' });
    const { peer } = meeting.join('viewer', viewer()).message(RoomEvent.joinRoom);
    expect(peer?.stageType).toBe(room.StageType.ON_STAGE);
  });

  it('needs no waiting, and no place in a full waiting room', () => {
    const meeting = new Meeting();
    const waits = guest({ waiting_room_type: 'SKIP_ON_ACCEPT' });
    meeting.join('host', host());
    meeting.join('anna', waits);
    meeting.do({ type: 'AcceptWaiting', by: 'host', participantIds: [participantOf('anna')] });
    meeting.join('anna', waits);
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    meeting.join('anna', waits);
    expect(meeting.peerIds).toEqual(['host', 'anna']);
    expect(meeting.waitingIds).toEqual([]);
  });

  it('is given up after its grace period and not before, and then is a leave like any other', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.join('ben');
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    meeting.after(29_999).do({ type: 'GiveUpPeer', peerId: 'anna', graceMs: 30_000 });
    expect(meeting.peerIds).toContain('anna');
    const told = meeting.after(1).do({ type: 'GiveUpPeer', peerId: 'anna', graceMs: 30_000 });
    expect(meeting.peerIds).toEqual(['ben']);
    expect(told.to('ben')).toEqual(['room.leaveRoom']);
    expect(meeting.events.at(-1)).toMatchObject({ type: 'PeerLeft', reason: 'connection_lost' });
  });

  it('keeps the newer socket of a peer that was given up: its join is only late (S25)', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    const told = meeting.after(30_000).do({ type: 'GiveUpPeer', peerId: 'anna', graceMs: 30_000 });
    expect(told.orders).toEqual([{ type: 'releaseMedia', peerIds: ['anna'] }]);
  });

  it('is not given up when it has come back in time', () => {
    const meeting = new Meeting();
    meeting.join('anna');
    meeting.do({ type: 'LoseConnection', peerId: 'anna' });
    meeting.join('anna');
    meeting.after(60_000).do({ type: 'GiveUpPeer', peerId: 'anna', graceMs: 30_000 });
    expect(meeting.peerIds).toEqual(['anna']);
  });
});

describe('hidden participants and recorders', () => {
  const hidden = guest({ hidden_participant: true });
  const recorder = guest({ recorder_type: 'RECORDER' });

  it.each([
    ['hidden (R31)', hidden],
    ['a recorder (R32)', recorder],
    ['a recorder by its older flag (R32)', guest({ is_recorder: true })],
  ])('shows nobody that somebody %s comes, sends or goes', (_, preset) => {
    const meeting = new Meeting();
    meeting.joinWithMedia('anna');
    meeting.joinWithMedia('ben');
    const told = [
      meeting.join('ghost', preset),
      meeting.do({ type: 'JoinMedia', by: 'ghost' }),
      meeting.produce('ghost', 'mic'),
      meeting.do({ type: 'ToggleProducer', by: 'ghost', producerId: 'mic', paused: true }),
      meeting.do({ type: 'CloseProducers', by: 'ghost', producerIds: ['mic'] }),
      meeting.do({ type: 'RankSpeakers', peerIds: ['ghost'] }),
      meeting.leave('ghost'),
    ];
    for (const one of told) expect([...one.to('anna'), ...one.to('ben')]).toEqual([]);
  });

  it('tells a hidden participant what it tells everybody (R31)', () => {
    const meeting = new Meeting();
    meeting.joinWithMedia('ghost', hidden);
    expect(meeting.join('anna').to('ghost')).toEqual(['room.joinRoom!']);
    meeting.do({ type: 'JoinMedia', by: 'anna' });
    expect(meeting.produce('anna', 'mic').to('ghost')).toEqual(['media.peerProducerCreateBroadcast']);
    expect(meeting.leave('anna').to('ghost')).toEqual(['room.leaveRoom']);
  });

  it('does not let a run-time change hide somebody whom the others have seen (S36)', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    meeting.join('anna');
    const patch = { hidden_participant: true };
    meeting.do({
      type: 'ChangePermissions',
      by: 'host',
      changes: [{ participantId: participantOf('anna'), patch }],
    });
    expect(meeting.leave('anna').to('host')).toEqual(['room.leaveRoom']);
  });
});
