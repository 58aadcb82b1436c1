import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionLost, type HeadlessPeer, RequestRefused } from '@parley/headless';
import { ChatEvent, PollEvent, StoreEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverIsBuilt } from '../support/parley-process.js';
import { COMES_BACK, type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { isBackIn } from './back-in.js';
import { seededRandom } from './random.js';

const WRITERS = 4;
const STORE = 'notes';
/** How the server ends, and the seed that picks what is written and when it ends. */
const ENDINGS = [
  ['kill', 1],
  ['kill', 2],
  ['kill', 3],
  ['stop', 4],
] as const;
/** So much of each kind is acknowledged at least before the server ends, and this much longer at most goes on. */
const ACKNOWLEDGED_MIN = 10;
const LONGEST_REST_MS = 500;
const PAUSE_MS = 10;

/** What the server has answered, and must therefore still know. */
interface Acknowledged {
  chat: string[];
  polls: string[];
  storeItems: Map<string, string>;
  peerIds: string[];
  participantIds: string[];
}

describe.skipIf(!serverIsBuilt)('what was acknowledged', () => {
  let stage: SessionStage;
  beforeAll(async () => {
    stage = await startSessionStage();
  });
  afterAll(() => stage?.dispose());

  /** Writes until the connection goes; what gets no answer may be lost or kept. */
  async function write(peer: HeadlessPeer, random: () => number, known: Acknowledged): Promise<void> {
    const acts = [
      async (name: string) => {
        await peer.request(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: name });
        known.chat.push(name);
      },
      async (name: string) => {
        await peer.request(PollEvent.createPoll, {
          question: name,
          options: ['yes', 'no'],
          anonymous: false,
          hideVotes: false,
          createdBy: '',
        });
        known.polls.push(name);
      },
      async (name: string) => {
        await peer.request(StoreEvent.storeInsertKeys, {
          pluginId: peer.meetingId,
          storeName: STORE,
          insertKeys: [{ storeKey: name, payload: Buffer.from(JSON.stringify(name)) }],
        });
        known.storeItems.set(name, JSON.stringify(name));
      },
    ];
    for (let count = 0; ; count++) {
      const act = acts[Math.floor(random() * acts.length)]!;
      await act(`${peer.peerId} ${count}`).catch((error: unknown) => {
        // One store write too many in a second is refused, and not acknowledged.
        if (!(error instanceof RequestRefused)) throw error;
      });
      await sleep(PAUSE_MS);
    }
  }

  /** Participants are added and join, until the server is gone. */
  async function arrive(meeting: string, known: Acknowledged): Promise<void> {
    for (;;) {
      const { data } = await stage.kit.meetings.addParticipant(
        meeting,
        {
          ...stage.scope,
          name: 'Arrives',
          preset_name: 'group_call_participant',
          custom_participant_id: 'a',
        },
        { maxRetries: 0 },
      );
      known.participantIds.push(data!.id);
      const peer = await stage.enterAgain(data!);
      known.peerIds.push(peer.peerId);
    }
  }

  test.each(ENDINGS)('is there after a %s in the middle of it, seed %i (S05, L04)', async (ending, seed) => {
    const random = seededRandom(seed);
    const meeting = await stage.backend.newMeeting();
    const writers: HeadlessPeer[] = [];
    for (let index = 0; index < WRITERS; index++) {
      writers.push(
        await stage.enter(meeting, `Writer ${index}`, 'group_call_participant', { reconnect: COMES_BACK }),
      );
    }
    const { id: sessionId } = (await stage.activeSession(meeting))!;
    const known: Acknowledged = {
      chat: [],
      polls: [],
      storeItems: new Map(),
      peerIds: writers.map(({ peerId }) => peerId),
      participantIds: writers.map(({ participantId }) => participantId),
    };
    const writing = Promise.allSettled(writers.map((peer) => write(peer, random, known)));
    const arriving = Promise.allSettled([arrive(meeting, known)]);
    await until('something of each kind is acknowledged', () => {
      const { chat, polls, storeItems, peerIds } = known;
      const fewest = Math.min(chat.length, polls.length, storeItems.size);
      return fewest > ACKNOWLEDGED_MIN && peerIds.length > WRITERS;
    });
    await sleep(LONGEST_REST_MS * random());
    await stage.parley[ending]();
    for (const outcome of await writing) {
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(ConnectionLost);
    }
    await arriving;
    await stage.parley.start();

    await Promise.all(writers.map((peer) => isBackIn(peer, sessionId)));
    const reader = await stage.enter(meeting, 'Reader');
    expect((await stage.activeSession(meeting))?.id).toBe(sessionId);

    const { messages } = await reader.request(ChatEvent.getMessages);
    const payloads = messages.map(({ payload }) => payload);
    expect(payloads).toEqual(expect.arrayContaining(known.chat));
    expect(new Set(messages.map(({ chatId }) => chatId)).size).toBe(messages.length);
    for (const { peerId } of writers) {
      const own = (texts: string[]) =>
        texts.filter((text) => known.chat.includes(text) && text.startsWith(peerId));
      expect(own(payloads)).toEqual(own(known.chat));
    }
    const { polls } = await reader.request(PollEvent.getPolls);
    expect(polls.map(({ question }) => question)).toEqual(expect.arrayContaining(known.polls));
    const { storeItems } = await reader.request(StoreEvent.storeGetKeys, {
      pluginId: meeting,
      storeName: STORE,
      getKeys: [],
    });
    const stored = new Map(
      storeItems.map(({ storeKey, payload }) => [storeKey, payload && `${Buffer.from(payload)}`]),
    );
    for (const [key, value] of known.storeItems) expect(stored.get(key)).toBe(value);
    const inSession = (await stage.peersOf(sessionId)).map(({ id }) => id);
    expect(inSession).toEqual(expect.arrayContaining(known.peerIds));
    for (const id of known.participantIds) {
      await stage.kit.meetings.getMeetingParticipant(id, { ...stage.scope, meeting_id: meeting });
    }
    await stage.backend.kickAll(meeting);
  });
});
