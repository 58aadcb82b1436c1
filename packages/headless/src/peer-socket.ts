import type { SecureContext } from 'node:tls';
import {
  CLIENT_SILENCE_LIMIT_MS,
  CloseCode,
  decodeFrame,
  type EventNumber,
  edge,
  encodeFrame,
  type Frame,
  MAX_SERVER_FRAME_BYTES,
  MediaEvent,
  OtherErrorEvent,
  PING_TEXT,
  PONG_TEXT,
  room,
  SocketQuery,
  type WireError,
} from '@parley/wire';
import { WebSocket } from 'ws';
import { ConnectionLost, RequestRefused, RequestTimeout } from './errors.js';

/** The SDK gives up an attempt to connect after this time. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Our own code for a server that does not speak the protocol; the SDK has none. */
const MALFORMED_FRAME_CLOSE_CODE = 4002;
const ERROR_EVENTS: ReadonlySet<number> = new Set([
  MediaEvent.errorResponse,
  OtherErrorEvent.legacyMedia,
  OtherErrorEvent.generic,
]);

export interface PeerSocketOptions {
  /** `ws://host:port/ws` or `wss://host:port/ws`. */
  url: string;
  /** Made once for all peers of a process, since each one costs as much memory as a few peers. */
  secureContext: SecureContext | undefined;
  token: string;
  meetingId: string;
  peerId: string;
  /** Before the first frame. */
  onOpen(socket: PeerSocket): void;
  /** Every frame from the server, also those that answered a request. */
  onFrame(frame: Frame): void;
  /** Once, after an open socket closed. */
  onClose(socket: PeerSocket, code: number, reason: string): void;
}

interface PendingRequest {
  event: EventNumber;
  answerOn: EventNumber;
  resolve(answer: Frame): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

/** One connection of a peer: frames, request ids, answers, ping. It does not reconnect; its owner does. */
export class PeerSocket {
  private readonly pending = new Map<string, PendingRequest>();
  private readonly silence: NodeJS.Timeout;
  private requests = 0;

  private constructor(
    private readonly socket: WebSocket,
    private readonly options: PeerSocketOptions,
  ) {
    this.silence = setTimeout(
      () => socket.close(CloseCode.pingTimeout, 'Ping timeout'),
      CLIENT_SILENCE_LIMIT_MS,
    );
    socket.on('message', (data: Buffer, isBinary: boolean) => this.receive(data, isBinary));
    socket.on('error', () => socket.terminate());
    socket.on('close', (code: number, reason: Buffer) => this.closed(code, reason.toString()));
  }

  /** Rejects with `ConnectionLost` when the server does not accept the socket. */
  static open(options: PeerSocketOptions): Promise<PeerSocket> {
    const socket = new WebSocket(socketUrl(options), {
      perMessageDeflate: false,
      skipUTF8Validation: true,
      maxPayload: MAX_SERVER_FRAME_BYTES,
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      ...(options.secureContext && { secureContext: options.secureContext }),
    });
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        socket.removeAllListeners();
        const opened = new PeerSocket(socket, options);
        options.onOpen(opened);
        resolve(opened);
      });
      socket.once('error', (error) => {
        socket.on('error', () => undefined);
        reject(new ConnectionLost(1006, error.message));
      });
    });
  }

  /** Sends a message; answers to it, if any, reach `onFrame` only. Lost when the socket is closing. */
  send(event: EventNumber, payload: Uint8Array): void {
    this.write(event, payload, this.nextId());
  }

  /** Sends a message and waits for the frame on `answerOn` with its id. */
  request(
    event: EventNumber,
    payload: Uint8Array,
    timeoutMs: number,
    answerOn: EventNumber = event,
  ): Promise<Frame> {
    const id = this.nextId();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new RequestTimeout(event, timeoutMs));
      }, timeoutMs);
      this.pending.set(id, { event, answerOn, resolve, reject, timer });
      this.write(event, payload, id);
    });
  }

  close(code: number): void {
    this.socket.close(code);
  }

  /** Cuts the connection without a close frame, as a lost network does. */
  terminate(): void {
    this.socket.terminate();
  }

  private write(event: EventNumber, payload: Uint8Array, id: string): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(encodeFrame(event, payload, id));
  }

  private nextId(): string {
    this.requests += 1;
    return `${this.options.peerId}-${this.requests.toString(36)}`;
  }

  private receive(data: Buffer, isBinary: boolean): void {
    this.silence.refresh();
    if (isBinary) this.receiveBinary(data);
    else if (data.toString('latin1') === PING_TEXT) this.socket.send(PONG_TEXT);
  }

  private receiveBinary(data: Buffer): void {
    let frame: Frame;
    try {
      frame = decodeFrame(data, MAX_SERVER_FRAME_BYTES);
    } catch (error) {
      this.socket.close(MALFORMED_FRAME_CLOSE_CODE, (error as WireError).code);
      return;
    }
    const request = frame.id === undefined ? undefined : this.pending.get(frame.id);
    if (request !== undefined && ERROR_EVENTS.has(frame.event)) {
      this.settle(frame.id!, request);
      request.reject(
        new RequestRefused(request.event, edge.ErrorResponse.decode(frame.payload).errorMessage),
      );
    } else if (request !== undefined && request.answerOn === frame.event) {
      this.settle(frame.id!, request);
      request.resolve(frame);
    }
    this.options.onFrame(frame);
  }

  private settle(id: string, request: PendingRequest): void {
    this.pending.delete(id);
    clearTimeout(request.timer);
  }

  private closed(code: number, reason: string): void {
    clearTimeout(this.silence);
    for (const [id, request] of this.pending) {
      this.settle(id, request);
      request.reject(new ConnectionLost(code, reason));
    }
    this.options.onClose(this, code, reason);
  }
}

/** The query as the SDK writes it; the last three are constants of the SDK (features.md S20). */
function socketUrl(options: PeerSocketOptions): string {
  const url = new URL(options.url);
  url.search = new URLSearchParams({
    [SocketQuery.meetingId]: options.meetingId,
    [SocketQuery.peerId]: options.peerId,
    [SocketQuery.token]: options.token,
    [SocketQuery.mediaV2]: 'true',
    [SocketQuery.ping]: 'true',
    [SocketQuery.capabilities]: String(room.Capabilities.PING),
    [SocketQuery.joinWithDetails]: 'true',
    [SocketQuery.cfWorker]: 'true',
    [SocketQuery.startSession]: 'true',
  }).toString();
  return url.href;
}
