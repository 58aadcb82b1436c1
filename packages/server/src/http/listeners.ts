import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import type { Settings } from '../config/settings.js';
import type { CertifiedKey } from '../tls/certificates.js';
import type { Fetch } from './dispatcher.js';
import { listen } from './listen.js';
import { isSocketTarget } from './routes.js';

/** The participants' sockets, as the listeners see them. */
export interface SocketEdge {
  /** Takes over the connection of `GET /ws`; never throws. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every socket with 1012, so that its client reconnects; later upgrades are refused with 503. */
  drain(): Promise<void>;
}

export interface ListenersOptions {
  settings: Settings;
  fetch: Fetch;
  edge: SocketEdge;
  tls: CertifiedKey;
}

export interface Listeners {
  /** True while both ports accept connections. */
  isListening(): boolean;
  useCertificate(tls: CertifiedKey): void;
  /** Takes no more connections, and gives requests under way `graceMs` to end. Idempotent. */
  close(graceMs: number): Promise<void>;
}

/** HTTP/1.0 knows no `Host`, and health checks of load balancers speak it. */
const NAMELESS_HOST = 'localhost';
const KEEP_ALIVE_MS = 15_000;
/** How often Node looks for clients that take too long with their headers or their body. */
const TIMEOUT_CHECK_MS = 1_000;

/** Opens the plain port and the TLS port. Throws an error with a clear line when one of them is taken. */
export async function openListeners({ settings, fetch, edge, tls }: ListenersOptions): Promise<Listeners> {
  const limits = {
    maxHeaderSize: settings.maxHeaderBytes,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  // The adaptor would otherwise put its own Request and Response in the place of Node's, for everybody.
  const shared = { fetch: fetch as never, overrideGlobalObjects: false, hostname: NAMELESS_HOST };
  const plain = createAdaptorServer({
    ...shared,
    createServer: createPlainServer,
    serverOptions: limits,
  }) as Server;
  const secure = createAdaptorServer({
    ...shared,
    createServer: createTlsServer,
    serverOptions: { ...limits, cert: tls.cert, key: tls.key },
  }) as TlsServer;

  const servers = [plain, secure];
  for (const server of servers) {
    server.maxConnections = settings.maxConnections;
    server.on('upgrade', (request, socket, head) => route(request, socket, head, edge, settings.baseDomain));
  }
  try {
    await listen(plain, settings.httpPort, settings.host, 'PARLEY_HTTP_PORT');
    await listen(secure, settings.httpsPort, settings.host, 'PARLEY_HTTPS_PORT');
  } catch (error) {
    plain.close();
    throw error;
  }
  return {
    isListening: () => servers.every((server) => server.listening),
    useCertificate: ({ cert, key }) => secure.setSecureContext({ cert, key }),
    close: async (graceMs) => {
      await Promise.all(servers.map((server) => close(server, graceMs)));
    },
  };
}

function route(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  edge: SocketEdge,
  baseDomain: string,
): void {
  // Without a listener the error of a client that hangs up early would end the process.
  socket.on('error', () => socket.destroy());
  const target = {
    path: request.url?.split('?', 1)[0] ?? '',
    hostHeader: request.headers.host,
    authorization: request.headers.authorization,
  };
  if (isSocketTarget(target, baseDomain)) edge.handleUpgrade(request, socket, head);
  else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
}

async function close(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
