import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChatEvent,
  type ClientEvent,
  type ClientMessage,
  CloseCode,
  type EventNumber,
  edge,
  type Frame,
  MEDIA_JOIN_TIMEOUT_MS,
  MediaEvent,
  PLUGIN_STORE_NAME,
  PollEvent,
  REQUEST_TIMEOUT_MS,
  RoomEvent,
  room,
  type ServerEvent,
  type ServerMessage,
  STORE_OPEN_TIMEOUT_MS,
  StoreEvent,
  toClient,
  toServer,
} from '@parley/wire';
import { ConnectionLost, RequestTimeout } from './errors.js';
import type { HeadlessPeerOptions, PeerState } from './options.js';
import { readToken } from './participant-token.js';
import { PeerSocket } from './peer-socket.js';
import { Roster } from './roster.js';
import { waitFor } from './waiting.js';

/** The SDK's tries to join the media room; the pauses between them are 0, 1, 3, 5 ... 27 s (protocol section 6.1). */
const MEDIA_JOIN_ATTEMPTS = 15;

interface PeerEvents {
  state: [state: PeerState];
  /** Every frame from the server, after the peer itself has acted on it. */
  frame: [frame: Frame];
}

/**
 * A participant that speaks the socket protocol as the official SDK does (protocol sections 4 to 9), without media:
 * it opens no transports, and otherwise sends what `init()` and `join()` send, in the same order.
 */
export class HeadlessPeer extends EventEmitter<PeerEvents> {
  readonly peerId: string;
  readonly meetingId: string;
  /** The SDK's `userId`. */
  readonly participantId: string;
  /** The other joined peers by peer id, when the option `roster` is on. */
  readonly roster: Roster | undefined;
  /** Why the state is `failed` or `disconnected`. */
  failure: Error | undefined;

  private current: PeerState = 'init';
  private socket: PeerSocket | undefined;
  private joinedBefore = false;
  private reconnectTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: HeadlessPeerOptions) {
    super();
    const { meetingId, participantId } = readToken(options.token);
    this.meetingId = meetingId;
    this.participantId = participantId;
    this.peerId = options.peerId ?? randomUUID();
    if (options.roster) this.roster = new Roster(this.peerId);
  }

  get state(): PeerState {
    return this.current;
  }

  /** What `init()` does: opens the socket, joins the media room, and opens the plugin store. */
  async connect(): Promise<void> {
    this.socket = await this.open();
    await Promise.all([this.joinMediaRoom(false), this.openPluginStore()]);
  }

  /** What `join()` does. `waitlisted` when the server keeps the peer in the waiting room. */
  async join(): Promise<'joined' | 'waitlisted'> {
    this.enter('joining');
    const { peer } = await this.request(RoomEvent.joinRoom, {
      peer: {
        peerId: this.peerId,
        userId: this.participantId,
        displayName: this.options.displayName ?? '',
        customParticipantId: this.options.customParticipantId,
        waitlisted: false,
      },
      roomUuid: '',
      capabilities: [],
    });
    this.send(ChatEvent.getMessages);
    this.send(PollEvent.getPolls);
    this.send(StoreEvent.storeGetKeys, this.pluginStore());
    await Promise.all([
      this.requestFrame(RoomEvent.getRoomInfo),
      this.requestFrame(RoomEvent.getRoomPeersInfo, room.RoomPeersInfoRequest.create()),
    ]);
    if (peer?.waitlisted) {
      this.enter('waitlisted');
      return 'waitlisted';
    }
    if (this.joinedBefore) await this.joinMediaRoom(true);
    await this.requestFrame(MediaEvent.selfJoinComplete, {});
    this.enter('joined');
    if (!this.joinedBefore) this.send(RoomEvent.getConnectedRoomsDump);
    this.joinedBefore = true;
    return 'joined';
  }

  /** Leaves as `meeting.leave()` does. */
  leave(): void {
    this.goAway('left');
  }

  /** Cuts the connection without a word, as a lost network does. */
  drop(): void {
    this.socket?.terminate();
  }

  chat(text: string): void {
    this.send(ChatEvent.sendMessageToRoom, { payloadType: 0, payload: text });
  }

  /** Removes other peers. The SDK sends the message twice, so this does. */
  kick(...peerIds: string[]): void {
    this.send(RoomEvent.kick, { peerIds });
    this.send(RoomEvent.kick, { peerIds });
  }

  /** Ends the session for everybody. */
  kickAll(): void {
    this.send(RoomEvent.kickAll, { propagateKickAcrossRooms: true });
  }

  admit(...participantIds: string[]): void {
    this.send(RoomEvent.acceptWaitingRoomRequests, { userIds: participantIds });
  }

  deny(...participantIds: string[]): void {
    this.send(RoomEvent.denyWaitingRoomRequests, { userIds: participantIds });
  }

  /** Sends any message of the protocol, and waits for nothing. */
  send<E extends ClientEvent & EventNumber>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): void {
    this.socket?.send(event, toServer.encode<E>(event, ...(message as never)));
  }

  /** Sends any message of the protocol, and gives the answer's message. Rejects with the errors of errors.ts. */
  async request<E extends ClientEvent & ServerEvent & EventNumber>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): Promise<ServerMessage<E>> {
    const answer = await this.requestFrame(event, ...message);
    return toClient.decode<E>(event, answer.payload);
  }

  /** The next message of `event` from the server for which `wanted` is true. */
  next<E extends ServerEvent & EventNumber>(
    event: E,
    wanted: (message: ServerMessage<E>) => boolean = () => true,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<ServerMessage<E>> {
    return waitFor<Frame, ServerMessage<E>>({
      subscribe: (listener) => this.on('frame', listener),
      unsubscribe: (listener) => this.off('frame', listener),
      pick: (frame) => {
        if (frame.event !== event) return;
        const message = toClient.decode<E>(event, frame.payload);
        return wanted(message) ? { value: message } : undefined;
      },
      timeoutMs,
      timeoutError: () => new RequestTimeout(event, timeoutMs),
    });
  }

  /** Resolves as soon as the peer is in the state. */
  reached(state: PeerState, timeoutMs = REQUEST_TIMEOUT_MS): Promise<void> {
    if (this.current === state) return Promise.resolve();
    return waitFor<PeerState, void>({
      subscribe: (listener) => this.on('state', listener),
      unsubscribe: (listener) => this.off('state', listener),
      pick: (next) => (next === state ? { value: undefined } : undefined),
      timeoutMs,
      timeoutError: () => new Error(`Still ${this.current}, not ${state}, after ${timeoutMs} ms`),
    });
  }

  private requestFrame<E extends ClientEvent & EventNumber>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): Promise<Frame> {
    if (!this.socket) return Promise.reject(new ConnectionLost(CloseCode.normal, 'not connected'));
    const timeoutMs = event === MediaEvent.joinRoom ? MEDIA_JOIN_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
    return this.socket.request(event, toServer.encode<E>(event, ...(message as never)), timeoutMs);
  }

  private open(): Promise<PeerSocket> {
    return PeerSocket.open({
      url: this.options.url,
      secureContext: this.options.secureContext,
      token: this.options.token,
      meetingId: this.meetingId,
      peerId: this.peerId,
      onFrame: (frame) => this.receive(frame),
      onClose: (code, reason) => this.lost(code, reason),
    });
  }

  /** A server that has just restarted refuses for some seconds; the SDK asks again while its socket is up. */
  private async joinMediaRoom(prejoined: boolean): Promise<void> {
    const { displayName = '' } = this.options;
    const message = edge.PeerJoinRequest.fromPartial({ displayName, prejoined, roomUuid: this.meetingId });
    for (let attempt = 1; ; attempt++) {
      try {
        await this.requestFrame(MediaEvent.joinRoom, message);
        return;
      } catch (error) {
        if (error instanceof ConnectionLost || attempt === MEDIA_JOIN_ATTEMPTS) throw error;
        await sleep(Math.max(0, 2 * attempt - 3) * 1000, undefined, { ref: false });
      }
    }
  }

  /** The answer is recognised by the store's name; without it `init()` of the SDK fails. */
  private async openPluginStore(): Promise<void> {
    const opened = this.next(
      StoreEvent.storeGetKeys,
      (answer) => answer.storeName === PLUGIN_STORE_NAME,
      STORE_OPEN_TIMEOUT_MS,
    );
    this.send(StoreEvent.storeGetKeys, this.pluginStore());
    await opened;
  }

  private pluginStore() {
    return { pluginId: this.meetingId, storeName: PLUGIN_STORE_NAME, getKeys: [] };
  }

  private receive(frame: Frame): void {
    switch (frame.event) {
      case RoomEvent.kick:
        this.goAway('kicked');
        break;
      case RoomEvent.kickAll:
        this.goAway('ended');
        break;
      case RoomEvent.transferPeer:
        this.goAway('connected-meeting');
        break;
      case RoomEvent.waitingRoomRequestDenied:
        if (this.current === 'waitlisted') this.enter('rejected');
        break;
      case RoomEvent.waitingRoomRequestAccepted:
        if (this.current === 'waitlisted') this.joinOrFail();
        break;
      default:
        this.roster?.apply(frame);
    }
    this.emit('frame', frame);
  }

  private joinOrFail(): void {
    this.join().catch((error: Error) => {
      if (error instanceof ConnectionLost) return;
      this.failure = error;
      this.goAway('failed');
    });
  }

  /** The way of the SDK out of a room: media leave, then close 1000. */
  private goAway(state: PeerState): void {
    clearTimeout(this.reconnectTimer);
    this.enter(state);
    this.send(MediaEvent.leaveRoom, { closeRoom: false });
    this.socket?.close(CloseCode.normal);
    this.socket = undefined;
  }

  private lost(code: number, reason: string): void {
    // A socket that the peer itself let go of has been forgotten before it closed.
    if (this.socket === undefined) return;
    this.socket = undefined;
    if (this.current === 'rejected') return;
    this.failure = new ConnectionLost(code, reason);
    this.enter('disconnected');
    if (this.options.reconnect && code !== CloseCode.normal) {
      this.reconnectTimer = setTimeout(() => this.reconnect(0), this.options.reconnect.firstDelayMs);
    }
  }

  private reconnect(attempt: number): void {
    const policy = this.options.reconnect!;
    if (attempt >= policy.attempts) {
      this.enter('failed');
      return;
    }
    const again = () => {
      const boundMs = Math.min(policy.maxDelayMs, 1000 * 2 ** attempt);
      this.reconnectTimer = setTimeout(() => this.reconnect(attempt + 1), Math.random() * boundMs);
    };
    this.open().then((socket) => {
      // The owner may have called leave() in the meantime.
      if (this.current !== 'disconnected') return socket.close(CloseCode.normal);
      this.socket = socket;
      // Only a peer that had joined comes back by itself; others wait for their owner to call join().
      if (this.joinedBefore) this.joinOrFail();
      else this.enter('init');
    }, again);
  }

  private enter(state: PeerState): void {
    if (this.current === state) return;
    this.current = state;
    this.emit('state', state);
  }
}
