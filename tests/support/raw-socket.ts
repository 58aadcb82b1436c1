import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { readToken, type TokenClaims } from '@parley/headless';
import {
  type ClientEvent,
  type ClientMessage,
  decodeFrame,
  edge,
  encodeFrame,
  type Frame,
  MAX_SERVER_FRAME_BYTES,
  MediaEvent,
  PING_TEXT,
  PONG_TEXT,
  REQUEST_TIMEOUT_MS,
  RoomEvent,
  room,
  type ServerEvent,
  type ServerMessage,
  SocketQuery,
  toClient,
  toServer,
} from '@parley/wire';
import { WebSocket } from 'ws';
import { until } from './until.js';

export interface RawSocketOptions {
  peerId?: string;
  /** Query parameters in place of the right ones. */
  query?: Record<string, string>;
}

export interface Close {
  /** 1006 when there was no close frame. */
  code: number;
  reason: string;
}

/** The server answered the upgrade with an HTTP response instead. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused';

  constructor(
    readonly status: number,
    /** `error` of the body. */
    readonly error: { code: number; message: string; reason?: string },
  ) {
    super(`The upgrade was refused with ${status}: ${error.message}`);
  }
}

/** A socket without an SDK behind it: it sends what it is told to, keeps what it gets, and answers only pings. */
export class RawSocket {
  readonly frames: Frame[] = [];
  readonly closed: Promise<Close>;
  close: Close | null = null;
  #requests = 0;
  readonly #waiting = new Map<string, (answer: Frame | Close) => void>();

  private constructor(
    readonly socket: WebSocket,
    /** The connection below the socket. */
    private readonly stream: Socket,
    readonly peerId: string,
    readonly participantId: string,
  ) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.#keep(decodeFrame(data, MAX_SERVER_FRAME_BYTES));
      else if (data.toString() === PING_TEXT) socket.send(PONG_TEXT);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.close = { code, reason: reason.toString() };
        for (const answer of this.#waiting.values()) answer(this.close);
        resolve(this.close);
      });
    });
  }

  /** Rejects with UpgradeRefused when the server answers with an error. */
  static open(url: string, token: string, options: RawSocketOptions = {}): Promise<RawSocket> {
    const peerId = options.peerId ?? randomUUID();
    const { meetingId, participantId } = claimsOf(token);
    const query = new URLSearchParams({
      [SocketQuery.meetingId]: meetingId,
      [SocketQuery.peerId]: peerId,
      [SocketQuery.token]: token,
      ...options.query,
    });
    const { hostname, port } = new URL(url);
    const stream = connect(Number(port), hostname);
    const createConnection = () => stream;
    const socket = new WebSocket(`${url}?${query}`, { maxPayload: MAX_SERVER_FRAME_BYTES, createConnection });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(new RawSocket(socket, stream, peerId, participantId)));
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = JSON.parse(Buffer.concat(chunks).toString());
          reject(new UpgradeRefused(response.statusCode!, body.error));
        });
      });
    });
  }

  /** Sends a message with a request id, and answers the id. */
  send<E extends ClientEvent>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): string {
    this.#requests += 1;
    const id = `raw-${this.#requests}`;
    this.sendBytes(encodeFrame(event, toServer.encode<E>(event, ...(message as never)), id));
    return id;
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  /** In one write, as a client does that means to be a burden. */
  sendTogether(frames: Iterable<Uint8Array>): void {
    this.stream.cork();
    for (const frame of frames) this.sendBytes(frame);
    this.stream.uncork();
  }

  /**
   * Asks, and answers the text of the refusal, or null when the server did as asked. Rejects when the socket closes
   * instead, or when no answer comes in the time that the SDK waits.
   */
  async refusalOf<E extends ClientEvent>(
    event: E,
    ...message: ClientMessage<E> extends undefined ? [] : [message: ClientMessage<E>]
  ): Promise<string | null> {
    const id = this.send<E>(event, ...(message as never));
    let timer: NodeJS.Timeout | undefined;
    const answer = await new Promise<Frame | Close>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`No answer to ${event}`)), REQUEST_TIMEOUT_MS);
      this.#waiting.set(id, resolve);
      if (this.close) resolve(this.close);
    }).finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(id);
    });
    if (!('event' in answer)) throw new Error(`Closed with ${answer.code} instead of an answer to ${event}`);
    if (answer.event !== MediaEvent.errorResponse) return null;
    return edge.ErrorResponse.decode(answer.payload).errorMessage;
  }

  /** Asks to join, and answers the text of the refusal or null. */
  join(displayName = ''): Promise<string | null> {
    const request = room.JoinRoomRequest.fromPartial({ peer: { peerId: this.peerId, displayName } });
    return this.refusalOf(RoomEvent.joinRoom, request);
  }

  /** The messages of an event that have come until now. */
  received<E extends ServerEvent>(event: E): ServerMessage<E>[] {
    return this.frames
      .filter((frame) => frame.event === event)
      .map((frame) => toClient.decode<E>(event, frame.payload));
  }

  /** Waits for the first message of an event. */
  async sees<E extends ServerEvent>(event: E): Promise<void> {
    await until(`event ${event}`, () => this.frames.some((frame) => frame.event === event));
  }

  drop(): void {
    this.socket.terminate();
  }

  #keep(frame: Frame): void {
    this.frames.push(frame);
    if (frame.id !== undefined) this.#waiting.get(frame.id)?.(frame);
  }
}

/** A token that cannot be read is what some tests send. */
function claimsOf(token: string): TokenClaims {
  try {
    return readToken(token);
  } catch {
    return { meetingId: randomUUID(), participantId: '' };
  }
}
