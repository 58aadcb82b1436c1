import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ChatEvent,
  CloseCode,
  chat,
  decodeFrame,
  edge,
  encodeBroadcast,
  encodeError,
  encodeFrame,
  type Frame,
  MediaEvent,
  PING_TEXT,
  RoomEvent,
  room,
  SocketQuery,
  StoreEvent,
  toClient,
  toServer,
} from '@parley/wire';
import { type WebSocket, WebSocketServer } from 'ws';

/** One connection as the fake server sees it. */
export interface FakeClient {
  peerId: string;
  meetingId: string;
  joined: boolean;
  socket: WebSocket;
  /** Events in the order in which the client sent them; pongs are `pong`. */
  sent: (number | 'pong')[];
}

/** Just enough of a server to test the headless peer against: rooms, no rights, no media. */
export class FakeServer {
  readonly clients: FakeClient[] = [];
  readonly queries: URLSearchParams[] = [];
  /** Peers who are kept in the waiting room, by peer id. */
  readonly waiting = new Set<string>();
  /** The event that a client hears before it has said anything. */
  greeting: number | undefined;
  /** Events that are refused with this text instead of being answered. */
  readonly refusals = new Map<number, string>();

  private constructor(
    private readonly http: Server,
    private readonly server: WebSocketServer,
  ) {
    server.on('connection', (socket, request) => {
      const query = new URL(request.url!, 'ws://fake').searchParams;
      this.queries.push(query);
      const client: FakeClient = {
        peerId: query.get(SocketQuery.peerId)!,
        meetingId: query.get(SocketQuery.meetingId)!,
        joined: false,
        socket,
        sent: [],
      };
      this.clients.push(client);
      if (this.greeting !== undefined) {
        socket.send(encodeFrame(this.greeting));
        socket.close(CloseCode.normal);
      }
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) this.receive(client, decodeFrame(data));
        else client.sent.push('pong');
      });
      socket.on('close', (code) => {
        client.joined = false;
        if (code !== CloseCode.normal) return;
        const peer = room.Peer.fromPartial({ peerId: client.peerId });
        this.tell(client.meetingId, RoomEvent.leaveRoom, toClient.encode(RoomEvent.leaveRoom, { peer }));
      });
    });
  }

  static async start(): Promise<FakeServer> {
    const http = createServer();
    const fake = new FakeServer(http, new WebSocketServer({ server: http, path: '/ws' }));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  onRequest(handler: RequestListener): void {
    this.http.on('request', handler);
  }

  client(peerId: string): FakeClient {
    return this.clients.findLast((client) => client.peerId === peerId)!;
  }

  push(peerId: string, event: number): void {
    this.client(peerId).socket.send(encodeFrame(event));
  }

  ping(peerId: string): void {
    this.client(peerId).socket.send(PING_TEXT);
  }

  async stop(): Promise<void> {
    for (const { socket } of this.clients) socket.terminate();
    this.server.close();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  /** Tells everybody in a meeting that it has ended; answers how many these are. */
  endMeeting(meetingId: string): number {
    const count = this.inMeeting(meetingId).length;
    this.tell(meetingId, RoomEvent.kickAll);
    return count;
  }

  private inMeeting(meetingId: string): FakeClient[] {
    return this.clients.filter((client) => client.joined && client.meetingId === meetingId);
  }

  private tell(
    meetingId: string,
    event: number,
    payload?: Uint8Array,
    requester?: { client: FakeClient; id: string },
  ): void {
    const broadcast = encodeBroadcast(event, payload);
    for (const client of this.inMeeting(meetingId)) {
      const isRequester = client === requester?.client;
      client.socket.send(isRequester ? broadcast.answer(requester!.id) : broadcast.frame);
    }
  }

  private receive(client: FakeClient, { event, id, payload }: Frame): void {
    client.sent.push(event);
    const answer = (bytes?: Uint8Array) => client.socket.send(encodeFrame(event, bytes, id));
    const refusal = this.refusals.get(event);
    if (refusal !== undefined) {
      client.socket.send(encodeError(event, refusal, id));
      return;
    }
    switch (event) {
      case MediaEvent.joinRoom:
        answer();
        break;
      case StoreEvent.storeGetKeys: {
        const { pluginId, storeName } = toServer.decode(event, payload);
        answer(toClient.encode(event, { pluginId, storeName, storeItems: [] }));
        break;
      }
      case RoomEvent.joinRoom:
        this.join(client, toServer.decode(event, payload).peer!, id!);
        break;
      case RoomEvent.getRoomInfo:
        answer(toClient.encode(event, { room: room.Room.fromPartial({ createdAt: 1 }) }));
        break;
      case RoomEvent.getRoomPeersInfo: {
        const peers = this.inMeeting(client.meetingId).map(({ peerId }) => room.Peer.fromPartial({ peerId }));
        answer(toClient.encode(event, { peers }));
        break;
      }
      case MediaEvent.selfJoinComplete:
        answer(toClient.encode(event, edge.PeerJoinCompleteResponse.create()));
        break;
      case ChatEvent.sendMessageToRoom: {
        const message = chat.ChatMessage.fromPartial({
          peerId: client.peerId,
          payload: toServer.decode(event, payload).payload,
        });
        this.tell(client.meetingId, event, toClient.encode(event, { message }), { client, id: id! });
        break;
      }
      case RoomEvent.kick:
        for (const peerId of toServer.decode(event, payload).peerIds) this.push(peerId, event);
        break;
      case RoomEvent.kickAll:
        this.tell(client.meetingId, event);
        break;
    }
  }

  private join(client: FakeClient, peer: room.Peer, id: string): void {
    const waitlisted = this.waiting.has(client.peerId);
    client.joined = !waitlisted;
    const payload = toClient.encode(RoomEvent.joinRoom, { peer: { ...peer, waitlisted } });
    if (waitlisted) client.socket.send(encodeFrame(RoomEvent.joinRoom, payload, id));
    else this.tell(client.meetingId, RoomEvent.joinRoom, payload, { client, id });
  }
}

/** A token that the SDK could read; nobody checks its signature here. */
export function fakeToken(meetingId: string, participantId: string): string {
  return ['{}', JSON.stringify({ meetingId, participantId }), ''].map(btoa).join('.');
}
