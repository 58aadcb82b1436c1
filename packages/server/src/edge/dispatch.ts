import { type ClientEvent, encodeError, type Frame, toServer, WireError } from '@parley/wire';
import type { Logger } from 'pino';
import { ApiError } from '../http/errors.js';
import { MediaError } from '../media/media-pool.js';
import { Refused } from '../sessions/refused.js';
import type { Route, SocketRequest } from './request.js';
import { collaborationRoutes } from './requests/collaboration.js';
import { connectedRoutes } from './requests/connected.js';
import { mediaStateRoutes } from './requests/media-state.js';
import { mediaErrorText, mediaTransportRoutes } from './requests/media-transports.js';
import { roomRoutes } from './requests/room.js';

/** Requests of one lane are handled in order; the lanes do not wait for each other. */
export type Lane = 'session' | 'media' | 'connected';

interface Entry extends Route {
  lane: Lane;
}

const TABLE = new Map<number, Entry>([
  ...[...roomRoutes, ...collaborationRoutes, ...mediaStateRoutes].map((route): [number, Entry] => [
    route.event,
    { ...route, lane: 'session' },
  ]),
  ...mediaTransportRoutes.map((route): [number, Entry] => [route.event, { ...route, lane: 'media' }]),
  ...connectedRoutes.map((route): [number, Entry] => [route.event, { ...route, lane: 'connected' }]),
]);

/** Every event that a client may send, for the drift test against the wire's tables. */
export const servedEvents = (): number[] => [...TABLE.keys()];

export const laneOf = (event: number): Lane => TABLE.get(event)?.lane ?? 'session';

/** Handles one frame; whatever goes wrong becomes an error answer and never an exception. */
export async function dispatch(frame: Frame, request: SocketRequest, log: Logger): Promise<void> {
  try {
    const entry = TABLE.get(frame.event);
    if (!entry) throw new Refused('unknown_event');
    await entry.handle(request, toServer.decode(frame.event as ClientEvent, frame.payload));
  } catch (error) {
    request.connection.send(encodeError(frame.event, errorText(error, frame.event, log), frame.id));
  }
}

function errorText(error: unknown, event: number, log: Logger): string {
  if (error instanceof Refused || error instanceof ApiError) return error.message;
  if (error instanceof MediaError) return mediaErrorText(error);
  if (error instanceof WireError) return 'The message is malformed';
  log.error({ err: error, event }, 'A request on the socket failed');
  return 'Internal error';
}
