import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { Signal } from '../signal.js';

/** The recording SDK closes a socket on which it has heard nothing for 30 s. */
const PING_EVERY_MS = 10_000;
const PING = '2';
/** Broadcasts of the meeting pass here as well; the recording SDK limits none. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const CAPTURE_SCRIPT = readFileSync(new URL('./page/capture-page.js', import.meta.url));

/**
 * What the recorder serves to its own browser on a port of the loopback interface: the capture page, and the socket
 * that the recording SDK opens to `localhost:8080` (features.md RC39).
 */
export class LocalServer {
  /** The recording app has come. */
  readonly socketOpened = new Signal();
  /** It wants to be recorded from now on. */
  readonly startRequested = new Signal();
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #pings: NodeJS.Timeout;

  private constructor(server: Server) {
    this.#server = server;
    this.#sockets = new WebSocketServer({ server, path: '/ws', maxPayload: MAX_MESSAGE_BYTES });
    this.#sockets.on('connection', (socket) => this.#accept(socket));
    this.#pings = setInterval(() => {
      for (const socket of this.#sockets.clients) socket.send(PING);
    }, PING_EVERY_MS);
  }

  static async open(): Promise<LocalServer> {
    const server = createServer((request, response) => {
      if (request.url === '/capture') {
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(
          '<!doctype html><title>Recorder</title><script type="module" src="/capture.js"></script>',
        );
      } else if (request.url === '/capture.js') {
        response.setHeader('content-type', 'text/javascript; charset=utf-8');
        response.end(CAPTURE_SCRIPT);
      } else {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((listening, failed) => {
      server.once('error', failed).listen(0, '127.0.0.1', listening);
    });
    return new LocalServer(server);
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get capturePageUrl(): string {
    return `http://${this.address}/capture`;
  }

  close(): void {
    clearInterval(this.#pings);
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #accept(socket: WebSocket): void {
    socket.on('error', () => {});
    socket.on('message', (data) => {
      if (typeOf(data.toString()) === 'StartRecording') this.startRequested.fire();
    });
    socket.send(PING);
    this.socketOpened.fire();
  }
}

/** Null for answers to pings, and for anything else that is not an object with a type. */
function typeOf(message: string): unknown {
  try {
    return (JSON.parse(message) as { type?: unknown } | null)?.type ?? null;
  } catch {
    return null;
  }
}
