import { EventEmitter } from 'node:events';
import {
  type ClientEvent,
  type ClientMessage,
  CloseCode,
  type EventNumber,
  type Frame,
  MEDIA_JOIN_TIMEOUT_MS,
  MediaEvent,
  REQUEST_TIMEOUT_MS,
  type ServerEvent,
  type ServerMessage,
  toClient,
  toServer,
} from '@parley/wire';
import { ConnectionLost, RequestTimeout } from './errors.js';
import type { PeerState } from './options.js';
import type { PeerSocket } from './peer-socket.js';
import { waitFor } from './waiting.js';

interface PeerEvents {
  state: [state: PeerState];
  /** Every frame from the server, after the peer itself has acted on it. */
  frame: [frame: Frame];
}

/** How a peer talks with the server over the socket that it has at the moment: messages by their type, and states. */
export abstract class Conversation extends EventEmitter<PeerEvents> {
  protected socket: PeerSocket | undefined;
  private current: PeerState = 'init';

  get state(): PeerState {
    return this.current;
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

  /** As `request`, for answers that need not be read. */
  protected requestFrame<E extends ClientEvent & EventNumber>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): Promise<Frame> {
    if (!this.socket) return Promise.reject(new ConnectionLost(CloseCode.normal, 'not connected'));
    const timeoutMs = event === MediaEvent.joinRoom ? MEDIA_JOIN_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
    return this.socket.request(event, toServer.encode<E>(event, ...(message as never)), timeoutMs);
  }

  protected enter(state: PeerState): void {
    if (this.current === state) return;
    this.current = state;
    this.emit('state', state);
  }
}
