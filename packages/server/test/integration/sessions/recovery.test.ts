import { randomUUID } from 'node:crypto';
import { BACKEND, type Command, type MeetingState } from '@parley/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recoverSession } from '../../../src/sessions/recovery.js';
import { Refused } from '../../../src/sessions/refused.js';
import { letIn, type SessionsBench, startSessionsBench } from './support.js';

const COMMANDS = 300;

let bench: SessionsBench;
beforeAll(async () => {
  bench = await startSessionsBench();
});
afterAll(() => bench?.close());

/** What outlives the process: no sockets, no media, nobody who waits. */
function durablePart({ session }: MeetingState) {
  if (!session) return null;
  const { speakers: _, peers, ...rest } = session;
  return {
    ...rest,
    peers: [...peers.values()].map(
      ({ lostAt: _lost, mediaJoined: _media, producers: _producers, ...peer }) => peer,
    ),
  };
}

describe('a session read back from its log', () => {
  it('is what it was, after whatever has happened in it (L04)', async () => {
    const meetings = bench.startMeetings();
    const admission = await bench.newMeeting();
    const { meetingId } = admission.meeting;
    const host = await meetings.open(meetingId);
    const peers: string[] = [];
    const join = async () => void peers.push(await letIn(host, admission));
    await join();

    let seed = 7;
    const pick = (count: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % count;
    };
    const participantOf = (peerId: string) => host.state.session?.peers.get(peerId)?.participantId ?? '';
    const messages = () => [...(host.state.session?.chat.keys() ?? [])];
    const commands: ((by: string, other: string) => Command)[] = [
      (by) => ({
        type: 'SendChat',
        by,
        messageId: randomUUID(),
        payloadType: 0,
        payload: `said ${seed} 🙂 "\\`,
        toPeerIds: null,
      }),
      (by, other) => ({
        type: 'SendChat',
        by,
        messageId: randomUUID(),
        payloadType: 0,
        payload: 'psst',
        toPeerIds: [other],
      }),
      (by) => ({ type: 'EditChat', by, messageId: messages()[pick(9)] ?? '', payload: 'changed' }),
      (by) => ({ type: 'DeleteChat', by, messageId: messages()[pick(9)] ?? '' }),
      (by) => ({ type: 'PinChat', by, messageId: messages()[pick(9)] ?? '', pinned: pick(2) === 0 }),
      (by) => ({
        type: 'CreatePoll',
        by,
        pollId: randomUUID(),
        question: 'Which?',
        options: ['a', 'b'],
        anonymous: pick(2) === 0,
        hideVotes: pick(2) === 0,
      }),
      (by) => ({
        type: 'VotePoll',
        by,
        pollId: [...host.state.session!.polls.keys()][pick(5)] ?? '',
        option: pick(2),
      }),
      (by) => ({
        type: 'SetStoreItems',
        by,
        store: `store ${pick(3)}`,
        items: [{ key: `k${pick(5)}`, payload: `{"n":${seed}}` }],
      }),
      (by) => ({ type: 'DeleteStoreItems', by, store: `store ${pick(3)}`, keys: [`k${pick(5)}`] }),
      (by, other) => ({ type: 'PinPeer', by, peerId: pick(3) === 0 ? null : other }),
      (by, other) => ({
        type: 'ChangePermissions',
        by,
        changes: [{ participantId: participantOf(other), patch: { polls: { can_vote: pick(2) === 0 } } }],
      }),
      (_, other) => ({
        type: 'MutePeers',
        by: BACKEND,
        peerIds: [other],
        what: ['audio'],
        forbidUnmute: false,
      }),
      () => ({
        type: 'MutePeers',
        by: BACKEND,
        peerIds: 'everybody',
        what: ['audio'],
        forbidUnmute: pick(2) === 0,
      }),
      (_, other) => ({ type: 'LoseConnection', peerId: other }),
      (by, other) => ({ type: 'KickPeers', by, peerIds: pick(4) === 0 ? [other] : [] }),
    ];
    for (let count = 0; count < COMMANDS; count++) {
      if (peers.length < 3 || pick(10) === 0) await join();
      const joined = peers.filter((peerId) => host.state.session!.peers.has(peerId));
      const [by, other] = [joined[pick(joined.length)]!, joined[pick(joined.length)]!];
      await host.execute(commands[pick(commands.length)]!(by, other)).catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
      });
      if (count % 75 === 0) {
        const recovered = await recoverSession(bench.database.db, meetingId);
        expect(durablePart(recovered!.state)).toEqual(durablePart(host.state));
      }
    }
    const recovered = await recoverSession(bench.database.db, meetingId);
    expect(durablePart(recovered!.state)).toEqual(durablePart(host.state));
    expect(recovered!.state.session!.chat.size).toBeGreaterThan(5);
    expect(recovered!.record.live).toBe(host.state.session!.peers.size);
  });

  it('goes on under another owner, and the former can write nothing more into it', async () => {
    const [former, next] = [bench.startMeetings(), bench.startMeetings()];
    const admission = await bench.newMeeting();
    const { meetingId } = admission.meeting;
    const old = await former.open(meetingId);
    const peerId = await letIn(old, admission);
    const chat = (text: string): Command => ({
      type: 'SendChat',
      by: peerId,
      messageId: randomUUID(),
      payloadType: 0,
      payload: text,
      toPeerIds: null,
    });
    await next.recover();
    const taken = (await next.find(meetingId))!;
    await taken.execute(chat('from the next'));
    await expect(old.execute(chat('from the former'))).rejects.toMatchObject({ code: 'not_saved' });
    const { state } = (await recoverSession(bench.database.db, meetingId))!;
    expect([...state.session!.chat.values()].map(({ payload }) => payload)).toEqual(['from the next']);
  });
});
