import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloseCode, encodeFrame, MAX_CLIENT_FRAME_BYTES, RoomEvent, SocketQuery } from '@parley/wire';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiError } from '../http/errors.js';
import type { SocketEdge } from '../http/listeners.js';
import { isDatabaseOutage } from '../http/outages.js';
import type { MeetingId, PeerId } from '../ids.js';
import type { Services } from '../services.js';
import { type Farewell, Farewells } from '../sessions/farewells.js';
import type { LiveMeetings } from '../sessions/live-meetings.js';
import type { MeetingHost } from '../sessions/meeting-host.js';
import {
  assertOpen,
  isComingBack,
  loadAdmission,
  meetingLocked,
  otherMeeting,
} from '../sessions/meeting-info.js';
import type { ParticipantClaims } from '../tokens/participant-tokens.js';
import { dispatch } from './dispatch.js';
import { SocketRequest } from './request.js';
import { SocketConnection, TRANSFER_MAX_MS } from './socket-connection.js';

/** The client gives up after 30 s without a frame (protocol.md 3.3). */
const PING_EVERY_MS = 10_000;
/** Two pings and a half without an answer. */
const SILENCE_MAX_MS = 25_000;
/** After this time a client that does not answer the close of a stop is cut off. */
const CLOSE_GRACE_MS = 1_500;
/** Tabs and devices of one participant that may be connected at once. */
const CONNECTIONS_PER_PARTICIPANT_MAX = 20;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const STATUS_TEXT: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

type EdgeServices = Pick<Services, 'db' | 'clock' | 'log' | 'participantTokens'>;

interface FarewellMessage {
  frame: Uint8Array;
  /** A client that is to go to another meeting would not go if the server closed its socket. */
  closeAfterMs: number;
}

interface Arrival {
  claims: ParticipantClaims;
  peerId: PeerId;
  mayHaveToWait: boolean;
  /** What the peer has missed and must hear instead of anything else. */
  farewell: FarewellMessage | null;
  /** Of the meeting's host when the admission was read; undefined when there was no host. */
  admissionsEpoch: symbol | undefined;
}

/** Accepts the participants' sockets and ties each to the host of its meeting. */
export function createSocketEdge(services: EdgeServices, meetings: LiveMeetings): SocketEdge {
  const { db, clock, log, participantTokens } = services;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
  });
  const connections = new Set<SocketConnection>();
  const farewells = new Farewells(db, clock);
  const pings = setInterval(() => {
    for (const connection of connections) connection.ping(SILENCE_MAX_MS);
  }, PING_EVERY_MS);
  pings.unref();

  const admit = (claims: ParticipantClaims) => loadAdmission(db, claims, clock.now());

  /** Who is at the door; throws an ApiError whose reason tells the cases apart (features.md SE13, Q08). */
  async function authenticate(request: IncomingMessage): Promise<Arrival> {
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const claims = await participantTokens.verify(query.get(SocketQuery.token) ?? '');
    const peerId = query.get(SocketQuery.peerId)?.toLowerCase() ?? '';
    if (!UUID.test(peerId)) throw ApiError.badRequest(SocketQuery.peerId, 'must be a valid GUID');
    if (query.get(SocketQuery.meetingId) !== claims.meetingId) throw otherMeeting(SocketQuery.meetingId);
    if (meetings.isDraining) throw new ApiError(503, 'The server is shutting down', undefined, 'draining');
    const host = await meetings.find(claims.meetingId);
    const isIn = host?.state.session?.peers.has(peerId) ?? false;
    const admissionsEpoch = host?.admissionsEpoch;
    const due = isIn ? null : await farewells.due(peerId as PeerId, claims.participantId);
    const farewell = due && (await farewellMessage(due, claims));
    const arrival = { claims, peerId: peerId as PeerId, admissionsEpoch };
    if (farewell) return { ...arrival, mayHaveToWait: true, farewell };
    const admission = await admit(claims);
    // Who is in the session may come back although the meeting takes no new joins (features.md OQ22).
    if (!isIn && !isComingBack(admission)) assertOpen(admission, clock.now());
    const { meeting, movedIn } = admission;
    if (meeting.locked && movedIn === null && !host?.belongs(claims.participantId)) throw meetingLocked();
    const taken = host?.connections.get(peerId) ?? host?.state.session?.peers.get(peerId);
    if (taken && taken.participantId !== claims.participantId) {
      throw new ApiError(
        403,
        'The peer id belongs to another participant',
        SocketQuery.peerId,
        'peer_id_taken',
      );
    }
    if (host && hasTooMany(host, claims)) {
      throw new ApiError(429, 'Too many connections of this participant', undefined, 'too_many_connections');
    }
    const { waiting_room_type, accept_waiting_requests } = admission.preset.permissions;
    const mayWalkIn = movedIn !== null || (meeting.mainMeetingId === null && waiting_room_type === 'SKIP');
    const mayHaveToWait = !mayWalkIn && !accept_waiting_requests;
    return { ...arrival, mayHaveToWait, farewell: null };
  }

  function hasTooMany(host: MeetingHost, { participantId }: ParticipantClaims): boolean {
    let count = 0;
    for (const one of host.connections.values()) if (one.participantId === participantId) count++;
    return count >= CONNECTIONS_PER_PARTICIPANT_MAX;
  }

  /** Null when the peer was moved back meanwhile to where it knocks. */
  async function farewellMessage(
    farewell: Farewell,
    { participantId, meetingId }: ParticipantClaims,
  ): Promise<FarewellMessage | null> {
    if (farewell === 'kicked') return { frame: encodeFrame(RoomEvent.kick), closeAfterMs: 0 };
    const transfers = farewell === 'moved' ? await meetings.transfers.of([participantId]) : null;
    const transfer = transfers?.get(participantId);
    // Who was moved in a session that has ended since has missed that end.
    if (!transfer) return { frame: encodeFrame(RoomEvent.kickAll), closeAfterMs: 0 };
    if (transfer.meetingId === meetingId) return null;
    return { frame: transfer.frame, closeAfterMs: TRANSFER_MAX_MS };
  }

  /** Ends a connection that comes too late with the message that its peer has missed. */
  function sayFarewell(socket: WebSocket, { frame, closeAfterMs }: FarewellMessage, peerId: PeerId): void {
    const close = () => socket.close(CloseCode.normal, 'removed from the session');
    const timer = closeAfterMs > 0 ? setTimeout(close, closeAfterMs) : undefined;
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      clearTimeout(timer);
      if (code !== 1006) farewells.taken(peerId);
    });
    socket.send(frame);
    if (!timer) close();
  }

  async function connect(
    socket: WebSocket,
    stream: Duplex,
    { claims, peerId, mayHaveToWait, admissionsEpoch }: Arrival,
  ): Promise<void> {
    // Frames that arrive before the host is there wait in the socket.
    socket.pause();
    let host = await meetings.open(claims.meetingId as MeetingId);
    while (host.isClosed) host = await meetings.open(claims.meetingId as MeetingId);
    // Who has gone meanwhile has closed the socket without a listener, and would stay in the meeting for ever.
    if (socket.readyState !== socket.OPEN) return;
    // Many may have knocked at once, all before the first of them was let in.
    if (meetings.isDraining || hasTooMany(host, claims)) {
      socket.resume();
      socket.close(
        CloseCode.serviceRestart,
        meetings.isDraining ? 'the server restarts' : 'too many connections',
      );
      return;
    }
    const connection: SocketConnection = new SocketConnection(socket, stream, peerId, claims.participantId, {
      onFrame: (frame) => {
        const request = new SocketRequest(
          host,
          connection,
          () => admit(claims),
          mayHaveToWait,
          db,
          meetings.connected,
          frame.id,
        );
        return dispatch(frame, request, log);
      },
      onClose: (deliberately) => {
        connections.delete(connection);
        host.detach(connection, deliberately);
      },
      onDismissed: () => farewells.taken(peerId),
      now: () => performance.now(),
    });
    connections.add(connection);
    host.attach(connection);
    // Who was blocked since the token was judged is either found attached or found out here.
    if (host.admissionsEpoch !== admissionsEpoch && !(await isStillAdmitted(claims))) host.dismiss([peerId]);
    socket.resume();
  }

  async function isStillAdmitted(claims: ParticipantClaims): Promise<boolean> {
    try {
      await admit(claims);
      return true;
    } catch (error) {
      if (error instanceof ApiError) return false;
      throw error;
    }
  }

  function refuse(socket: Duplex, error: unknown): void {
    const known = error instanceof ApiError ? error : null;
    if (!known && !isDatabaseOutage(error)) log.error({ err: error }, 'A socket could not be opened');
    const status = known?.status ?? (isDatabaseOutage(error) ? 503 : 500);
    const body = JSON.stringify({
      success: false,
      error: { code: status, message: known?.message ?? 'The server cannot answer', reason: known?.reason },
    });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? 'Error'}\r\nConnection: close\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  return {
    handleUpgrade(request, socket, head) {
      authenticate(request)
        .then((arrival) => {
          server.handleUpgrade(request, socket, head, (accepted) => {
            if (arrival.farewell) {
              sayFarewell(accepted, arrival.farewell, arrival.peerId);
              return;
            }
            connect(accepted, socket, arrival).catch((error: unknown) => {
              log.error({ err: error }, 'A socket could not be tied to its meeting');
              accepted.close(1011);
            });
          });
        })
        .catch((error: unknown) => refuse(socket, error));
    },
    async drain() {
      clearInterval(pings);
      meetings.close();
      const closed = [...server.clients].map(
        (socket) => new Promise((resolve) => socket.once('close', resolve)),
      );
      await Promise.race([Promise.all(closed), sleep(CLOSE_GRACE_MS, undefined, { ref: false })]);
      for (const socket of server.clients) socket.terminate();
    },
  };
}
