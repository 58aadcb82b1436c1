import type { Command } from '@parley/core';
import {
  type ClientEvent,
  type ClientMessage,
  encodeFrame,
  type ServerEvent,
  type ServerMessage,
  toClient,
} from '@parley/wire';
import type { Kysely } from 'kysely';
import type { Database } from '../database/tables.js';
import type { ConnectedMeetings } from '../sessions/connected/connected-meetings.js';
import type { PeerConnection } from '../sessions/connection.js';
import type { Origin } from '../sessions/deliver.js';
import type { MeetingHost } from '../sessions/meeting-host.js';
import type { Admission } from '../sessions/meeting-info.js';

/** One request of a client, with all that its handler may touch. */
export class SocketRequest {
  readonly origin: Origin;

  constructor(
    readonly host: MeetingHost,
    readonly connection: PeerConnection,
    /** Reads anew who the socket's token belongs to. */
    readonly admit: () => Promise<Admission>,
    /** The preset may send its holder to the waiting room. */
    private readonly mayHaveToWait: boolean,
    readonly db: Kysely<Database>,
    readonly connected: ConnectedMeetings,
    readonly requestId: string | undefined,
  ) {
    this.origin = { peerId: connection.peerId, requestId };
  }

  get peerId(): string {
    return this.connection.peerId;
  }

  /** Who is in, or may come in without being let in, learns who and what is there (features.md W01, V12). */
  get mayLookIn(): boolean {
    const { session, waiting } = this.host.state;
    if (session?.peers.has(this.peerId)) return true;
    return !this.mayHaveToWait && !waiting.has(this.peerId);
  }

  /** Resolves after the change is committed and told; rejects with Refused, which becomes the error answer. */
  execute(command: Command): Promise<void> {
    return this.host.execute(command, this.origin);
  }

  /** As `whenTold` of CommandRounds; for answers that have something to wait for first, see `ask`. */
  whenTold(answer: () => void): Promise<void> {
    return this.host.whenTold(answer);
  }

  /** Answers this request alone. What everybody is told as well comes from the rules' views instead. */
  answer<E extends ServerEvent>(
    event: E,
    ...payload: ServerMessage<E> extends undefined ? [] : [message: ServerMessage<E>]
  ): void {
    this.connection.send(encodeFrame(event, toClient.encode(event, ...payload), this.requestId));
  }
}

export type Handler<E extends ClientEvent> = (
  request: SocketRequest,
  message: ClientMessage<E>,
) => Promise<void> | void;

/** A row of the table of requests. */
export interface Route {
  event: ClientEvent;
  handle: (request: SocketRequest, message: unknown) => Promise<void> | void;
}

/** Ties an event to its handler; the event decides the type of the message. */
export function on<E extends ClientEvent>(event: E, handle: Handler<E>): Route {
  return { event, handle: (request, message) => handle(request, message as ClientMessage<E>) };
}

/** Ties an event to an answer that tells what the state holds, as everybody was told of it. */
export function ask<E extends ClientEvent>(
  event: E,
  answer: (request: SocketRequest, message: ClientMessage<E>) => void,
): Route {
  return on(event, (request, message) => request.whenTold(() => answer(request, message)));
}
