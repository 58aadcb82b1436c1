import {
  ChatEvent,
  CloseCode,
  MediaEvent,
  PollEvent,
  RoomEvent,
  SocketQuery,
  StoreEvent,
} from '@parley/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ConnectionLost, HeadlessPeer, type HeadlessPeerOptions, RequestRefused } from '../../src/index.js';
import { FakeServer, fakeToken } from '../fake-server.js';

let server: FakeServer;
const peers: HeadlessPeer[] = [];

beforeEach(async () => {
  server = await FakeServer.start();
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.leave();
  await server.stop();
});

function newPeer(name: string, options: Partial<HeadlessPeerOptions> = {}): HeadlessPeer {
  const token = fakeToken('meeting-1', `user-${name}`);
  const peer = new HeadlessPeer({ url: server.url, token, peerId: name, displayName: name, ...options });
  peers.push(peer);
  return peer;
}

async function joinedPeer(name: string, options?: Partial<HeadlessPeerOptions>): Promise<HeadlessPeer> {
  const peer = newPeer(name, options);
  await peer.connect();
  await peer.join();
  return peer;
}

describe('a headless peer joins as the SDK does', () => {
  it('opens the socket with the query of S20', async () => {
    await newPeer('ann').connect();
    expect(Object.fromEntries(server.queries[0]!)).toEqual({
      [SocketQuery.meetingId]: 'meeting-1',
      [SocketQuery.peerId]: 'ann',
      [SocketQuery.token]: fakeToken('meeting-1', 'user-ann'),
      useMediaV2: 'true',
      ping: 'true',
      capabilities: '2',
      joinWithDetails: 'true',
      useCfWorker: 'true',
      useStartSession: 'true',
    });
  });

  it('sends the messages of init() and join() in their order', async () => {
    await joinedPeer('ann');
    await expect
      .poll(() => server.client('ann').sent)
      .toEqual([
        MediaEvent.joinRoom,
        StoreEvent.storeGetKeys,
        RoomEvent.joinRoom,
        ChatEvent.getMessages,
        PollEvent.getPolls,
        StoreEvent.storeGetKeys,
        RoomEvent.getRoomInfo,
        RoomEvent.getRoomPeersInfo,
        MediaEvent.selfJoinComplete,
        RoomEvent.getConnectedRoomsDump,
      ]);
  });

  it('sees others come and go', async () => {
    const ann = await joinedPeer('ann', { roster: true });
    const bob = await joinedPeer('bob', { roster: true });
    await expect.poll(() => [...ann.roster!.keys()]).toEqual(['bob']);
    expect([...bob.roster!.keys()]).toEqual(['ann']);
    bob.leave();
    await expect.poll(() => ann.roster!.size).toBe(0);
  });

  it('waits when it is told to, and joins by itself when it is let in (W03)', async () => {
    server.waiting.add('ann');
    const ann = newPeer('ann');
    await ann.connect();
    expect(await ann.join()).toBe('waitlisted');
    server.waiting.delete('ann');
    server.push('ann', RoomEvent.waitingRoomRequestAccepted);
    await ann.reached('joined');
  });

  it('is rejected from the waiting room, and keeps its socket', async () => {
    server.waiting.add('ann');
    const ann = newPeer('ann');
    await ann.connect();
    await ann.join();
    server.push('ann', RoomEvent.waitingRoomRequestDenied);
    await ann.reached('rejected');
    expect(server.client('ann').socket.readyState).toBe(server.client('ann').socket.OPEN);
  });

  it('rejects with the text of the refusal', async () => {
    server.refusals.set(RoomEvent.joinRoom, 'The meeting is full');
    const ann = newPeer('ann');
    await ann.connect();
    await expect(ann.join()).rejects.toThrow(new RequestRefused(RoomEvent.joinRoom, 'The meeting is full'));
  });

  it('rejects when the server refuses the socket', async () => {
    const ann = newPeer('ann', { url: `${server.url}-not-there` });
    await expect(ann.connect()).rejects.toBeInstanceOf(ConnectionLost);
  });
});

describe('a joined headless peer', () => {
  it('answers pings', async () => {
    await joinedPeer('ann');
    server.ping('ann');
    await expect.poll(() => server.client('ann').sent).toContain('pong');
  });

  it('chats, and gets its own message once', async () => {
    const ann = await joinedPeer('ann');
    const bob = await joinedPeer('bob');
    const texts: string[] = [];
    ann.on('frame', (frame) => frame.event === ChatEvent.sendMessageToRoom && texts.push('ann'));
    const heard = bob.next(ChatEvent.sendMessageToRoom);
    ann.chat('hello');
    expect((await heard).message).toMatchObject({ peerId: 'ann', payload: 'hello' });
    await expect.poll(() => texts).toEqual(['ann']);
  });

  it('is kicked: leaves the media room, closes with 1000, state kicked', async () => {
    const ann = await joinedPeer('ann');
    const bob = await joinedPeer('bob');
    const closed = new Promise((resolve) => server.client('bob').socket.once('close', resolve));
    ann.kick('bob');
    await bob.reached('kicked');
    expect(await closed).toBe(CloseCode.normal);
    expect(server.client('bob').sent.at(-1)).toBe(MediaEvent.leaveRoom);
    const kicks = () => server.client('ann').sent.filter((event) => event === RoomEvent.kick);
    await expect.poll(kicks).toHaveLength(2);
    expect(ann.state).toBe('joined');
  });

  it('stays kicked when the session ends right after, and can join again afterwards', async () => {
    const ann = await joinedPeer('ann');
    server.push('ann', RoomEvent.kick);
    server.push('ann', RoomEvent.kickAll);
    await ann.reached('kicked');
    await ann.connect();
    await ann.join();
    await expect.poll(() => server.clients[0]!.socket.readyState).toBe(WebSocket.CLOSED);
    expect(ann.state).toBe('joined');
  });

  it('ends the session for everybody, itself included', async () => {
    const ann = await joinedPeer('ann');
    const bob = await joinedPeer('bob');
    ann.kickAll();
    await Promise.all([ann.reached('ended'), bob.reached('ended')]);
  });
});

describe('when the connection goes', () => {
  it('stays disconnected without a policy, and says why', async () => {
    const ann = await joinedPeer('ann');
    server.client('ann').socket.close(4000, 'go');
    await ann.reached('disconnected');
    expect(ann.failure).toEqual(new ConnectionLost(4000, 'go'));
  });

  it('comes back as the same peer, and tells that it had joined media before (S46)', async () => {
    const ann = await joinedPeer('ann', { reconnect: { attempts: 5, firstDelayMs: 1, maxDelayMs: 10 } });
    ann.drop();
    await ann.reached('disconnected');
    await ann.reached('joined');
    expect(server.clients.map(({ peerId }) => peerId)).toEqual(['ann', 'ann']);
    expect(server.client('ann').sent.slice(-2)).toEqual([MediaEvent.joinRoom, MediaEvent.selfJoinComplete]);
  });

  it('asks again for the media room while a restarted server refuses it (protocol 6.1)', async () => {
    const ann = await joinedPeer('ann', { reconnect: { attempts: 5, firstDelayMs: 1, maxDelayMs: 10 } });
    server.refusals.set(MediaEvent.joinRoom, 'Not yet');
    ann.drop();
    const asked = () => server.client('ann').sent.filter((event) => event === MediaEvent.joinRoom).length;
    await expect.poll(asked).toBe(2);
    server.refusals.delete(MediaEvent.joinRoom);
    await ann.reached('joined');
    expect(asked()).toBe(3);
  });

  it('hears what the server says together with the handshake', async () => {
    const ann = await joinedPeer('ann', { reconnect: { attempts: 5, firstDelayMs: 1, maxDelayMs: 10 } });
    server.greeting = RoomEvent.kickAll;
    ann.drop();
    await ann.reached('ended');
  });

  it('stays away after a close with 1000', async () => {
    const ann = await joinedPeer('ann', { reconnect: { attempts: 5, firstDelayMs: 1, maxDelayMs: 1 } });
    server.client('ann').socket.close(CloseCode.normal);
    await ann.reached('disconnected');
    // Longer than the pauses of the policy, and something to wait for.
    await joinedPeer('bob');
    expect(server.clients.map(({ peerId }) => peerId)).toEqual(['ann', 'bob']);
  });

  it('fails after the last attempt', async () => {
    const ann = await joinedPeer('ann', { reconnect: { attempts: 2, firstDelayMs: 1, maxDelayMs: 1 } });
    await server.stop();
    await ann.reached('failed');
  });

  it('rejects requests that were under way', async () => {
    const ann = await joinedPeer('ann');
    const asked = ann.request(RoomEvent.getConnectedRoomsDump);
    ann.drop();
    await expect(asked).rejects.toBeInstanceOf(ConnectionLost);
  });
});
