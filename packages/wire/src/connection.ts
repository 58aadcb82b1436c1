/**
 * What both ends must agree on about the connection itself: the URL, the text frames and the close codes
 * (features.md S20-S25).
 */

/** Path of the signalling socket on the `socket-edge` host. */
export const SOCKET_PATH = '/ws';

/** Query parameters of the socket's URL. The token is the only authentication on the socket. */
export const SocketQuery = {
  meetingId: 'roomID',
  peerId: 'peerID',
  token: 'authToken',
  mediaV2: 'useMediaV2',
  ping: 'ping',
  capabilities: 'capabilities',
  joinWithDetails: 'joinWithDetails',
  cfWorker: 'useCfWorker',
  startSession: 'useStartSession',
} as const;

/** Text frame that asks the other side for a pong. Text frames carry nothing else. */
export const PING_TEXT = '2';
/** Text frame that answers a ping. */
export const PONG_TEXT = '3';

/** A client that hears nothing for this long closes with `CloseCode.pingTimeout` and reconnects. */
export const CLIENT_SILENCE_LIMIT_MS = 30_000;
/** A client waits this long for the answer to a request. */
export const REQUEST_TIMEOUT_MS = 20_000;
/** A client waits this long for the answer to the media join (`MediaEvent.joinRoom`). */
export const MEDIA_JOIN_TIMEOUT_MS = 5_000;
/** A client waits this long for the first content of a store; without it `init()` fails. */
export const STORE_OPEN_TIMEOUT_MS = 3_000;

/** WebSocket close codes. After `normal` the client stays away; after any other code it reconnects. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  serviceRestart: 1012,
  connectTimeout: 3001,
  pingTimeout: 3002,
} as const;

/** The store in which the SDK keeps the active plugins; every client opens it during `init()`. */
export const PLUGIN_STORE_NAME = '__rtk_plugins__';
