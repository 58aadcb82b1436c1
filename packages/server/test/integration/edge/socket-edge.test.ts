import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { decodeFrame, encodeFrame, RoomEvent, room, SocketQuery, toServer } from '@parley/wire';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { LiveMeetings } from '../../../src/sessions/live-meetings.js';
import { type LiveServer, startLiveServer } from '../../support/live-server.js';

const CONNECTIONS_PER_PARTICIPANT_MAX = 20;

let server: LiveServer;
beforeAll(async () => {
  server = await startLiveServer({ PARLEY_RECONNECT_GRACE_MS: '1000' });
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => server?.close());

const open = (token: string, meeting: string, peerId: string = randomUUID()) => {
  const query = new URLSearchParams({
    [SocketQuery.meetingId]: meeting,
    [SocketQuery.peerId]: peerId,
    [SocketQuery.token]: token,
  });
  return new WebSocket(`${server.socketUrl}?${query}`);
};
const joinFrame = encodeFrame(
  RoomEvent.joinRoom,
  toServer.encode(RoomEvent.joinRoom, room.JoinRoomRequest.create()),
  'join',
);
const liveParticipants = async (meeting: string) => {
  const [session] = await server.database.db
    .selectFrom('sessions')
    .select('live_participants')
    .where('meeting_id', '=', meeting as never)
    .where('status', '=', 'LIVE')
    .execute();
  return session?.live_participants ?? 0;
};

/** As while a session is read back from its log. */
function holdMeetingsBack() {
  let release = () => {};
  const ready = new Promise<void>((resolve) => (release = resolve));
  const original = LiveMeetings.prototype.open;
  const opened = vi.spyOn(LiveMeetings.prototype, 'open').mockImplementation(async function (
    this: LiveMeetings,
    meetingId,
  ) {
    await ready;
    return original.call(this, meetingId);
  });
  return { release, opened };
}

describe('a socket whose meeting is not there yet', () => {
  it('is answered when it is, and loses nothing that it has sent', async () => {
    const meeting = await server.newMeeting();
    const { token } = await server.addParticipant(meeting);
    const { release } = holdMeetingsBack();
    const socket = open(token, meeting);
    await once(socket, 'open');
    socket.send(joinFrame);
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(decodeFrame(answer)).toMatchObject({ event: RoomEvent.joinRoom, id: 'join' });
    socket.close(1000);
  });

  it('leaves nothing behind when its client goes meanwhile', async () => {
    const meeting = await server.newMeeting();
    const { token } = await server.addParticipant(meeting);
    const { release, opened } = holdMeetingsBack();
    const peerId = randomUUID();
    const gone = open(token, meeting, peerId);
    await once(gone, 'open');
    await expect.poll(() => opened.mock.calls.length).toBeGreaterThan(0);
    gone.terminate();
    await new Promise((resolve) => setTimeout(resolve, 50));
    release();
    vi.restoreAllMocks();
    // A ghost would count as a connection of the participant, and hold the place of its peer id for nobody else.
    const sockets = Array.from({ length: CONNECTIONS_PER_PARTICIPANT_MAX }, () => open(token, meeting));
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    for (const socket of sockets) socket.close(1000);
  });
});

describe('the connections of one participant', () => {
  it('are bounded, and a place is free again when one of them goes', async () => {
    const meeting = await server.newMeeting();
    const { token } = await server.addParticipant(meeting);
    const sockets: WebSocket[] = [];
    for (let count = 0; count < CONNECTIONS_PER_PARTICIPANT_MAX; count++) {
      const socket = open(token, meeting);
      await once(socket, 'open');
      sockets.push(socket);
    }
    const refused = open(token, meeting);
    refused.on('error', () => {});
    const [, response] = await once(refused, 'unexpected-response');
    expect(response.statusCode).toBe(429);
    response.resume();
    const another = await server.addParticipant(meeting);
    const other = open(another.token, meeting);
    await once(other, 'open');

    sockets.shift()!.close(1000);
    const opens = async () => {
      const again = open(token, meeting);
      again.on('error', () => {});
      await once(again, 'open');
      return sockets.push(again);
    };
    await expect.poll(() => opens().catch(() => 0)).toBeGreaterThan(0);
    for (const socket of [...sockets, other]) socket.close(1000);
  });

  it('are bounded although they come at once', async () => {
    const meeting = await server.newMeeting();
    const { token } = await server.addParticipant(meeting);
    const sockets = Array.from({ length: CONNECTIONS_PER_PARTICIPANT_MAX * 3 }, () => open(token, meeting));
    const refused = sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => resolve());
          socket.on('close', () => resolve());
        }),
    );
    let gone = 0;
    for (const one of refused) void one.then(() => gone++);
    await vi.waitFor(() => expect(gone).toBe(CONNECTIONS_PER_PARTICIPANT_MAX * 2), { timeout: 10_000 });
    expect(sockets.filter(({ readyState }) => readyState === WebSocket.OPEN)).toHaveLength(
      CONNECTIONS_PER_PARTICIPANT_MAX,
    );
    for (const socket of sockets) socket.close(1000);
  });
});

describe('a client that closes at once', () => {
  it('after it has asked to join is in no session, however the two cross (L02)', async () => {
    const meeting = await server.newMeeting();
    const participants = await Promise.all(
      Array.from({ length: 30 }, async () => (await server.addParticipant(meeting)).token),
    );
    await Promise.all(
      participants.map(async (token, index) => {
        const socket = open(token, meeting);
        await once(socket, 'open');
        socket.send(joinFrame);
        if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        if (index % 2 === 0) socket.terminate();
        else socket.close(1000);
        await once(socket, 'close');
      }),
    );
    await vi.waitFor(async () => expect(await liveParticipants(meeting)).toBe(0), { timeout: 5000 });
  });
});
