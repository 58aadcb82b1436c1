import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChatEvent,
  CloseCode,
  edge,
  type Frame,
  MediaEvent,
  PLUGIN_STORE_NAME,
  PollEvent,
  RoomEvent,
  room,
  STORE_OPEN_TIMEOUT_MS,
  StoreEvent,
  toServer,
} from '@parley/wire';
import { Conversation } from './conversation.js';
import { ConnectionLost } from './errors.js';
import type { HeadlessPeerOptions, PeerState } from './options.js';
import { readToken } from './participant-token.js';
import { PeerSocket } from './peer-socket.js';
import { Roster } from './roster.js';

/** The SDK's tries to join the media room; the pauses between them are 0, 1, 3, 5 ... 27 s (protocol section 6.1). */
const MEDIA_JOIN_ATTEMPTS = 15;
const GOODBYE_DELAY_MS = 50;

/**
 * A participant that speaks the socket protocol as the official SDK does (protocol sections 4 to 9), without media:
 * it opens no transports, and otherwise sends what `init()` and `join()` send, in the same order.
 */
export class HeadlessPeer extends Conversation {
  readonly peerId: string;
  readonly meetingId: string;
  /** The SDK's `userId`. */
  readonly participantId: string;
  /** The other joined peers by peer id, when the option `roster` is on. */
  readonly roster: Roster | undefined;
  /** Why the state is `failed` or `disconnected`. */
  failure: Error | undefined;

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

  /** What `init()` does: opens the socket, joins the media room, and opens the plugin store. */
  async connect(): Promise<void> {
    await this.open();
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

  private open(): Promise<PeerSocket> {
    return PeerSocket.open({
      url: this.options.url,
      secureContext: this.options.secureContext,
      token: this.options.token,
      meetingId: this.meetingId,
      peerId: this.peerId,
      // At once, since the first frame may come together with the answer to the handshake.
      onOpen: (socket) => {
        this.socket = socket;
      },
      onFrame: (frame) => this.receive(frame),
      onClose: (socket, code, reason) => this.lost(socket, code, reason),
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
    if (this.socket) this.act(frame);
    this.emit('frame', frame);
  }

  private act(frame: Frame): void {
    switch (frame.event) {
      case RoomEvent.kick:
        this.sentAway('kicked');
        break;
      case RoomEvent.kickAll:
        this.sentAway('ended');
        break;
      case RoomEvent.transferPeer:
        this.sentAway('connected-meeting');
        break;
      case RoomEvent.waitingRoomRequestDenied:
        if (this.state === 'waitlisted') this.enter('rejected');
        break;
      case RoomEvent.waitingRoomRequestAccepted:
        if (this.state === 'waitlisted') this.joinOrFail();
        break;
      default:
        this.roster?.apply(frame);
    }
  }

  private joinOrFail(): void {
    this.join().catch((error: Error) => {
      if (error instanceof ConnectionLost) return;
      this.failure = error;
      this.goAway('failed');
    });
  }

  private goAway(state: PeerState): void {
    sayGoodbye(this.letGo(state));
  }

  /**
   * Sent away by the server. The SDK stops its devices before it says goodbye; here the goodbye comes a moment later,
   * so that of a thousand peers of one process the last is not kept from hearing the news by the goodbyes of the others.
   */
  private sentAway(state: PeerState): void {
    const socket = this.letGo(state);
    setTimeout(() => sayGoodbye(socket), GOODBYE_DELAY_MS);
  }

  /** From now on the socket is nobody's: what still comes over it changes nothing. */
  private letGo(state: PeerState): PeerSocket | undefined {
    clearTimeout(this.reconnectTimer);
    const socket = this.socket;
    this.socket = undefined;
    this.enter(state);
    return socket;
  }

  private lost(socket: PeerSocket, code: number, reason: string): void {
    // A socket that the peer itself let go of has been forgotten before it closed.
    if (this.socket !== socket) return;
    this.socket = undefined;
    if (this.state === 'rejected') return;
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
      // The owner may have called leave() in the meantime, or the server sent the peer away.
      if (this.state !== 'disconnected') {
        if (this.socket === socket) this.goAway(this.state);
        return;
      }
      // Only a peer that had joined comes back by itself; others wait for their owner to call join().
      if (this.joinedBefore) this.joinOrFail();
      else this.enter('init');
    }, again);
  }
}

/** The way of the SDK out of a room: media leave, then close 1000. */
function sayGoodbye(socket: PeerSocket | undefined): void {
  socket?.send(MediaEvent.leaveRoom, toServer.encode(MediaEvent.leaveRoom, { closeRoom: false }));
  socket?.close(CloseCode.normal);
}
