import { answers, type Command, type Effect, type SessionEvent, view, waitingRequests } from '@parley/core';
import { RoomEvent, room, toClient } from '@parley/wire';
import { describe, expect, it } from 'vitest';
import { Meeting, participantOf, START } from '../support/meeting.js';
import { guest, host, presenter, viewer } from '../support/presets.js';

const wholeList = { seachQuery: '', limit: 0, offset: 0 };
const idsOf = ({ peers }: room.RoomPeersInfoResponse) => peers.map((peer) => peer.peerId);

/** A session in which there is something of everything. */
function fullHouse(): Meeting {
  const meeting = new Meeting();
  meeting.joinWithMedia('host', presenter());
  meeting.joinWithMedia('anna', guest());
  meeting.joinWithMedia('vera', viewer());
  meeting.joinWithMedia('ghost', guest({ hidden_participant: true }));
  meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
  return meeting;
}

const ids = (...peerIds: string[]) => peerIds.map(participantOf);

const MIC = {
  producerId: 'mic',
  kind: 'audio',
  screenShare: false,
  paused: false,
  appData: '{}',
  mimeType: 'audio/opus',
  transportId: 'send',
} as const;

/** Commands that together give rise to every kind of event. */
const STORY: Command[] = [
  { type: 'AddProducer', by: 'anna', ...MIC },
  { type: 'ToggleProducer', by: 'anna', producerId: 'mic', paused: true },
  { type: 'RankSpeakers', peerIds: ['anna'] },
  { type: 'PinPeer', by: 'host', peerId: 'anna' },
  { type: 'SendChat', by: 'anna', messageId: 'm', payloadType: 0, payload: 'hi', toPeerIds: null },
  { type: 'EditChat', by: 'anna', messageId: 'm', payload: 'hi!' },
  { type: 'PinChat', by: 'anna', messageId: 'm', pinned: true },
  { type: 'DeleteChat', by: 'anna', messageId: 'm' },
  { type: 'SendChat', by: 'anna', messageId: 'p', payloadType: 0, payload: 'psst', toPeerIds: ['vera'] },
  {
    type: 'CreatePoll',
    by: 'anna',
    pollId: 'poll',
    question: 'Q',
    options: ['A', 'B'],
    anonymous: false,
    hideVotes: true,
  },
  { type: 'VotePoll', by: 'anna', pollId: 'poll', option: 0 },
  { type: 'SetStoreItems', by: 'anna', store: 's', items: [{ key: 'k', payload: '1' }] },
  { type: 'DeleteStoreItems', by: 'anna', store: 's', keys: ['k'] },
  { type: 'Broadcast', by: 'anna', kind: 'cheer', payload: new TextEncoder().encode('1'), toPeerIds: null },
  { type: 'Broadcast', by: 'anna', kind: 'x', payload: new TextEncoder().encode('1'), toPeerIds: ['vera'] },
  { type: 'RequestStage', by: 'vera' },
  { type: 'GrantStage', by: 'host', participantIds: ids('vera') },
  { type: 'JoinStage', by: 'vera' },
  { type: 'LeaveStage', by: 'host', participantIds: ids('vera') },
  {
    type: 'ChangePermissions',
    by: 'host',
    changes: [{ participantId: participantOf('anna'), patch: { can_record: true } }],
  },
  { type: 'MutePeers', by: 'host', peerIds: 'everybody', what: ['audio'], forbidUnmute: true },
  { type: 'MutePeers', by: 'host', peerIds: 'everybody', what: ['audio'], forbidUnmute: false },
  { type: 'CloseProducers', by: 'anna', producerIds: ['mic'] },
  { type: 'LeaveMedia', by: 'anna' },
  { type: 'LoseConnection', peerId: 'anna' },
  { type: 'AcceptWaiting', by: 'host', participantIds: ids('wendy') },
  { type: 'DenyWaiting', by: 'host', participantIds: ids('wendy') },
  { type: 'KickPeers', by: 'host', peerIds: ['vera'] },
  { type: 'Leave', peerId: 'ghost' },
  { type: 'EndSession', by: 'host' },
];

/** The effects of each event of the story, with who acted. */
function effectsOfStory(): { command: Command; effects: readonly Effect[] }[] {
  const meeting = fullHouse();
  return STORY.map((command) => ({ command, effects: meeting.do(command).effects }));
}

describe('every message', () => {
  it('decodes as the client decodes it', () => {
    for (const { effects } of effectsOfStory()) {
      for (const effect of effects) {
        if (effect.type !== 'message') continue;
        expect(() => toClient.decode(effect.event, effect.payload)).not.toThrow();
      }
    }
  });

  it('has receivers, none of them twice (pitfall 12)', () => {
    for (const { effects } of effectsOfStory()) {
      for (const effect of effects) {
        if (effect.type !== 'message') continue;
        expect(effect.to.length).toBeGreaterThan(0);
        expect(new Set(effect.to).size).toBe(effect.to.length);
      }
    }
  });

  it('that answers reaches its sender in one copy, on the event that he waits for', () => {
    for (const { command, effects } of effectsOfStory()) {
      const by = 'by' in command && typeof command.by === 'string' ? command.by : '';
      const answered = effects.filter(
        (effect) => effect.type === 'message' && effect.answers && effect.to.includes(by),
      );
      expect(answered.length, command.type).toBeLessThanOrEqual(1);
    }
  });

  it('of 30 or 31 is never an answer: who gets one of them leaves (pitfall 11)', () => {
    const leavers: number[] = [RoomEvent.kick, RoomEvent.kickAll];
    const all = effectsOfStory().flatMap(({ effects }) => effects);
    const removals = all.filter((effect) => effect.type === 'message' && leavers.includes(effect.event));
    expect(removals).toHaveLength(2);
    for (const removal of removals) expect(removal).not.toHaveProperty('answers');
  });

  it('is no business of the hidden peer, of those who wait, and of those outside, unless meant for them', () => {
    for (const { effects } of effectsOfStory()) {
      for (const effect of effects) {
        if (effect.type !== 'message' || !effect.to.includes('wendy')) continue;
        const forWaiting: number[] = [
          RoomEvent.waitingRoomRequestAccepted,
          RoomEvent.waitingRoomRequestDenied,
        ];
        expect(forWaiting).toContain(effect.event);
      }
    }
  });
});

describe('events without anything to tell', () => {
  it.each<SessionEvent>([
    { type: 'SessionStarted', at: START, sessionId: 's', title: '', keepAliveMs: 1 },
    { type: 'PeerConnectionLost', at: START, peerId: 'anna' },
    { type: 'MediaLeft', at: START, peerId: 'anna' },
    { type: 'UnmuteForbidden', at: START, peerIds: ['anna'] },
    { type: 'UnmuteAllowed', at: START, peerIds: ['anna'] },
  ])('$type', (event) => {
    expect(view(fullHouse().state, event)).toEqual([]);
  });

  it('and late ones about somebody or something gone', () => {
    const { state } = fullHouse();
    const gone: SessionEvent[] = [
      { type: 'PeerReconnected', at: START, peerId: 'gone' },
      { type: 'MediaJoined', at: START, peerId: 'gone' },
      { type: 'StageStatusChanged', at: START, peerId: 'gone', stage: 'ON_STAGE' },
      { type: 'ProducerToggled', at: START, peerId: 'anna', producerId: 'gone', paused: true, by: 'anna' },
      { type: 'ChatMessageEdited', at: START, messageId: 'gone', payload: '' },
      { type: 'ChatMessagePinned', at: START, messageId: 'gone', pinned: true },
      { type: 'PollVoted', at: START, pollId: 'gone', option: 0, participantId: 'x', name: 'X' },
      { type: 'PermissionsChanged', at: START, participantId: 'gone', patch: {} },
    ];
    for (const event of gone) expect(view(state, event), event.type).toEqual([]);
  });
});

describe('the list of peers', () => {
  it('holds everybody visible in order of joining, as the announcements show them (V12, V13)', () => {
    const meeting = fullHouse();
    const { peers } = answers.roomPeers(meeting.state, 'host', wholeList);
    expect(idsOf({ peers })).toEqual(['host', 'anna', 'vera']);
    expect(peers[2]).toMatchObject({ userId: participantOf('vera'), stageType: room.StageType.OFF_STAGE });
  });

  it('holds a hidden peer for itself alone (R31)', () => {
    const meeting = fullHouse();
    expect(idsOf(answers.roomPeers(meeting.state, 'ghost', wholeList))).toContain('ghost');
  });

  it('is empty for those who wait, and open before joining (W01, V12)', () => {
    const meeting = fullHouse();
    expect(idsOf(answers.roomPeers(meeting.state, 'wendy', wholeList))).toEqual([]);
    expect(idsOf(answers.roomPeers(meeting.state, 'outside', wholeList))).toHaveLength(3);
    expect(idsOf(answers.roomPeers(new Meeting().state, 'outside', wholeList))).toEqual([]);
  });

  it('can be searched and paged (V12)', () => {
    const meeting = fullHouse();
    const list = (query: Partial<room.RoomPeersInfoRequest>) =>
      idsOf(answers.roomPeers(meeting.state, 'host', { ...wholeList, ...query }));
    expect(list({ seachQuery: ' AN ' })).toEqual(['anna']);
    expect(list({ limit: 2 })).toEqual(['host', 'anna']);
    expect(list({ limit: 2, offset: 2 })).toEqual(['vera']);
    expect(list({ limit: -1, offset: -5 })).toEqual(['host', 'anna', 'vera']);
    expect(list({ offset: 99 })).toEqual([]);
  });
});

describe('the room', () => {
  it('says when the session started, in seconds, and which it is (S38, pitfall 16)', () => {
    const meeting = new Meeting();
    meeting.after(1500).join('anna');
    expect(answers.roomInfo(meeting.state).room).toEqual({
      roomId: 'meeting',
      title: 'Weekly',
      createdAt: START / 1000 + 1,
      activeRecordings: [],
      roomUuid: 'session-1',
    });
  });

  it('is answered before there is a session as well (W01)', () => {
    expect(answers.roomInfo(new Meeting().state).room).toMatchObject({ roomId: 'meeting', createdAt: 0 });
  });

  it('without connected meetings is its own parent (protocol.md 14)', () => {
    expect(answers.connectedRooms({ meetingId: 'meeting', title: 'Weekly', people: [] }, [])).toEqual({
      parentMeeting: { id: 'meeting', title: 'Weekly', participants: [] },
      meetings: [],
    });
  });
});

describe('the waiting list asked for', () => {
  it('is the one that is pushed', () => {
    const meeting = new Meeting();
    meeting.join('host', host());
    const told = meeting.join('wendy', guest({ waiting_room_type: 'SKIP_ON_ACCEPT' }));
    expect(told.message(RoomEvent.getWaitingRoomRequests)).toEqual(waitingRequests(meeting.state));
  });
});
