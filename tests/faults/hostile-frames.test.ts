import { setTimeout as sleep } from 'node:timers/promises';
import type { HeadlessPeer } from '@parley/headless';
import { ChatEvent, edge, encodeFrame, MAX_CLIENT_FRAME_BYTES, MediaEvent, RoomEvent } from '@parley/wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestParticipant } from '../support/backend.js';
import { createDatabase, type OwnDatabase } from '../support/database.js';
import { serverIsBuilt } from '../support/parley-process.js';
import type { RawSocket } from '../support/raw-socket.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';
import { until } from '../support/until.js';
import { gauge } from './metrics.js';
import { brokenFrame, mutatedFrame, samples } from './mutations.js';
import { seededRandom } from './random.js';

const FRAMES = 200_000;
const SEED = 42;
/**
 * Presets of those who send at once, each on a socket that is opened anew when the server has closed it or it has sent
 * its share. A host is alone in a meeting and may do all, even end it; the others are among those who must not notice.
 */
const SENDERS = [
  ...Array<string>(2).fill('group_call_host'),
  ...Array<string>(2).fill('group_call_participant'),
  ...Array<string>(6).fill('may nothing'),
];
/** About as many as the limit of one socket lets through without a pause. */
const FRAMES_PER_SOCKET = 450;
/** Fewer than may wait for their turn on one socket. */
const BATCH_FRAMES = 90;
/** Pings, sent every 10 s, are unanswered for so long before a connection is given up. */
const SILENCE_MS = 25_000;
const SILENT_FOR_AT_MOST_MS = 45_000;
const MIB = 1024 * 1024;
const GROWTH_MAX_BYTES = 200 * MIB;
/** An honest request while all of that goes on, on a machine that the senders share. */
const ANSWER_MAX_MS = 5_000;

describe.skipIf(!serverIsBuilt)('frames of a hostile participant', () => {
  let database: OwnDatabase;
  let stage: SessionStage;
  let quietMeeting: string;
  beforeAll(async () => {
    database = await createDatabase();
    const env = { DATABASE_URL: database.url, PARLEY_RECONNECT_GRACE_MS: '1000' };
    stage = await startSessionStage({ env });
    // What it shows takes half a minute, which the other tests need anyway.
    quietMeeting = await stage.backend.newMeeting();
    const silent = await stage.rawSocket(await stage.invite(quietMeeting, 'Silent'));
    await silent.join('Silent');
    silent.socket.pause();
  });
  afterAll(async () => {
    await stage?.dispose();
    await database?.drop();
  });

  /** An honest peer that asks, writes and measures all the time. */
  function watch(peer: HeadlessPeer) {
    const states: string[] = [];
    let worstMs = 0;
    let rounds = 0;
    let watching = true;
    peer.on('state', (state) => states.push(state));
    const ended = (async () => {
      while (watching) {
        const began = performance.now();
        await peer.request(RoomEvent.getRoomInfo);
        const echo = peer.next(ChatEvent.sendMessageToRoom, ({ message }) => message?.peerId === peer.peerId);
        peer.chat(`round ${rounds}`);
        await echo;
        worstMs = Math.max(worstMs, performance.now() - began);
        rounds++;
        await sleep(500);
      }
    })();
    // Whoever ends the watch hears of it; until then a failure is no surprise to Node.
    ended.catch(() => undefined);
    return async () => {
      watching = false;
      await ended;
      return { states, worstMs, rounds };
    };
  }

  /** Joins, sends its share, and leaves; answers how many frames were sent while the server still listened. */
  async function sendShare(
    participant: TestParticipant,
    frames: ReturnType<typeof samples>,
    random: () => number,
  ): Promise<number> {
    const socket = await stage.rawSocket(participant);
    await socket.join('Eve');
    let sent = 0;
    while (sent < FRAMES_PER_SOCKET && !socket.close) {
      socket.sendTogether(Array.from({ length: BATCH_FRAMES }, () => mutatedFrame(frames, random)));
      sent += BATCH_FRAMES;
      // The answer says that all of them were read; a frame that ends the session ends the socket as well.
      await socket.refusalOf(RoomEvent.getRoomInfo).catch(() => null);
    }
    socket.sendBytes(brokenFrame(frames, random));
    socket.socket.close(1000);
    await socket.closed;
    return sent + 1;
  }

  test(`${FRAMES} mutated frames, seed ${SEED}: no crash, no harm to others, no memory kept (E10, S25)`, async () => {
    const meeting = await stage.backend.newMeeting();
    const people = [await stage.enter(meeting, 'Mary', 'group_call_host'), await stage.enter(meeting, 'Tom')];
    const stops = people.map(watch);
    const names = {
      peerIds: people.map(({ peerId }) => peerId),
      participantIds: people.map(({ participantId }) => participantId),
    };
    const never = { can_produce: 'NOT_ALLOWED' };
    await stage.backend.newPreset('may nothing', 'group_call_participant', {
      chat: {
        public: { can_send: false, text: false, files: false },
        private: { can_send: false, can_receive: false, text: false, files: false },
      },
      media: { audio: never, video: never, screenshare: never },
      polls: { can_create: false, can_vote: false, can_view: false },
    });
    const senders = await Promise.all(
      SENDERS.map(async (preset, index) => {
        const meetingId = preset === 'group_call_host' ? await stage.backend.newMeeting() : meeting;
        const participant = await stage.invite(meetingId, `Eve ${index}`, preset);
        return { participant, frames: samples({ meetingId, ...names }), random: seededRandom(SEED + index) };
      }),
    );

    const before = await gauge(stage, 'process_resident_memory_bytes');
    let halfway = 0;
    let sent = 0;
    await Promise.all(
      senders.map(async ({ participant, frames, random }) => {
        while (sent < FRAMES) {
          const share = await sendShare(participant, frames, random);
          sent += share;
          if (halfway === 0 && sent > FRAMES / 2) {
            halfway = await gauge(stage, 'process_resident_memory_bytes');
          }
        }
      }),
    );
    const after = await gauge(stage, 'process_resident_memory_bytes');
    const seen = await Promise.all(stops.map((stop) => stop()));
    console.log(
      `${sent} frames; resident ${[before, halfway, after].map((bytes) => Math.round(bytes / MIB)).join(' -> ')} MiB; ` +
        `worst answer ${Math.round(Math.max(...seen.map(({ worstMs }) => worstMs)))} ms`,
    );

    expect(sent).toBeGreaterThanOrEqual(FRAMES);
    for (const { states, worstMs, rounds } of seen) {
      expect(states).toEqual([]);
      expect(rounds).toBeGreaterThan(5);
      expect(worstMs).toBeLessThan(ANSWER_MAX_MS);
    }
    expect(people.map(({ state }) => state)).toEqual(['joined', 'joined']);
    expect(after - before).toBeLessThan(GROWTH_MAX_BYTES);
    expect(after - halfway).toBeLessThan(GROWTH_MAX_BYTES / 2);
    expect(await gauge(stage, 'parley_media_worker_restarts')).toBe(0);
    await until('the senders are gone', async () => {
      return (await stage.activeSession(meeting))?.live_participants === people.length;
    });
    expect(stage.parley.log().includes('"level":"error"')).toBe(false);
    await stage.backend.kickAll(meeting);
    await Promise.all(people.map((peer) => peer.reached('ended')));
  }, 240_000);

  test('what is no frame ends the connection with the reason, and nobody else’s (S25)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.enter(meeting, 'Mary');
    const enter = async () => {
      const socket = await stage.rawSocket(await stage.invite(meeting, 'Eve'));
      await socket.join('Eve');
      return socket;
    };
    const cases: [string, (socket: RawSocket) => void, number][] = [
      ['too large', (socket) => socket.sendBytes(new Uint8Array(MAX_CLIENT_FRAME_BYTES + 1)), 1009],
      ['no protobuf', (socket) => socket.sendBytes(Buffer.from([0xff, 0xff, 0xff])), 1007],
      [
        'an id of 200 characters',
        (socket) => socket.sendBytes(encodeFrame(5, undefined, 'x'.repeat(200))),
        1007,
      ],
      ['text', (socket) => socket.socket.send('hello'), 1003],
      [
        'text that is no UTF-8',
        (socket) => socket.socket.send(Buffer.from([0xc3, 0x28]), { binary: false }),
        1007,
      ],
    ];
    for (const [what, send, code] of cases) {
      const socket = await enter();
      send(socket);
      expect([what, (await socket.closed).code]).toEqual([what, code]);
    }
    expect(mary.state).toBe('joined');
    await mary.request(RoomEvent.getRoomInfo);
  });

  test('the largest frame that is allowed is read, and refused for what it says', async () => {
    const meeting = await stage.backend.newMeeting();
    const socket = await stage.rawSocket(await stage.invite(meeting, 'Eve'));
    await socket.join('Eve');
    const room = MAX_CLIENT_FRAME_BYTES - 200;
    const refusal = await socket.refusalOf(ChatEvent.sendMessageToRoom, {
      payloadType: 0,
      payload: 'x'.repeat(room),
    });
    expect(refusal).toBe('The message is empty, too long or not of its declared type');
    expect(socket.close).toBeNull();
  });

  test('what comes twice or in the wrong order is answered each time and told once (S31, 5.4)', async () => {
    const meeting = await stage.backend.newMeeting();
    const mary = await stage.rawSocket(await stage.invite(meeting, 'Mary'));
    await mary.join('Mary');
    const eve = await stage.rawSocket(await stage.invite(meeting, 'Eve'));
    // Before the join: the end of the media join, a vote, a leave of the media.
    expect(await eve.refusalOf(MediaEvent.selfJoinComplete, {})).toBe('You have not joined the session');
    expect(await eve.refusalOf(MediaEvent.leaveRoom, { closeRoom: true })).toBeNull();
    for (let count = 0; count < 3; count++) {
      expect(await eve.join('Eve')).toBeNull();
      expect(await eve.refusalOf(MediaEvent.selfJoinComplete, {})).toBeNull();
    }
    await mary.refusalOf(RoomEvent.getRoomInfo);
    const told = mary.received(RoomEvent.joinRoom).filter(({ peer }) => peer?.peerId === eve.peerId);
    expect(told).toHaveLength(1);
    // The same bytes under the same id are two requests.
    const twice = encodeFrame(
      MediaEvent.joinRoom,
      edge.PeerJoinRequest.encode(edge.PeerJoinRequest.fromPartial({ roomUuid: meeting })).finish(),
      'same',
    );
    eve.sendBytes(twice);
    eve.sendBytes(twice);
    await until('both are answered', () => eve.frames.filter(({ id }) => id === 'same').length === 2);
    expect((await stage.activeSession(meeting))?.live_participants).toBe(2);
  });

  test('a client that gives no sign of life loses its place (3.3)', async () => {
    await until(
      'it is out',
      async () => (await stage.activeSession(quietMeeting))?.live_participants === 0,
      SILENT_FOR_AT_MOST_MS,
    );
    const [row] = await stage.peersOf((await stage.activeSession(quietMeeting))!.id);
    const inMs = Date.parse(row!.left_at!) - Date.parse(row!.joined_at!);
    expect(inMs).toBeGreaterThan(SILENCE_MS);
    expect(inMs).toBeLessThan(SILENT_FOR_AT_MOST_MS);
  });
});
