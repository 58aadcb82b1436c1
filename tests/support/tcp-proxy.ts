import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A wire between client and server that can be cut and held: the network of a test. */
export interface TcpProxy {
  port: number;
  /** Breaks every connection and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  /** Breaks every connection once; new ones go through. */
  drop(): void;
  /** Lets this many more bytes go to the server, then none; resolves when they have gone. */
  holdAfter(bytes: number): Promise<void>;
  /** Lets everything go again. */
  release(): void;
  close(): Promise<void>;
}

/**
 * `target` is asked at each connection, so that the proxy may exist before the server does. `onSent` sees what goes to
 * the server.
 */
export async function startTcpProxy(
  target: () => number,
  onSent: (bytes: Buffer) => void = () => undefined,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const held = new Set<Socket>();
  let isCut = false;
  let sentBytes = 0;
  let holdAtBytes = Number.POSITIVE_INFINITY;
  let tellHeld: () => void = () => undefined;

  const server = createServer((inbound) => {
    if (isCut) return inbound.destroy();
    const outbound = connect(target(), '127.0.0.1');
    for (const [socket, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        held.delete(socket);
        other.destroy();
      });
    }
    outbound.pipe(inbound);
    inbound.on('end', () => outbound.end());
    inbound.on('data', (bytes: Buffer) => {
      onSent(bytes);
      sentBytes += bytes.length;
      const hasRoom = outbound.write(bytes);
      if (sentBytes >= holdAtBytes) {
        held.add(inbound);
        inbound.pause();
        tellHeld();
      } else if (!hasRoom) {
        inbound.pause();
        outbound.once('drain', () => held.has(inbound) || inbound.resume());
      }
    });
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    drop,
    cut() {
      isCut = true;
      drop();
    },
    mend() {
      isCut = false;
    },
    holdAfter(bytes) {
      holdAtBytes = sentBytes + bytes;
      return new Promise((resolve) => {
        tellHeld = resolve;
      });
    },
    release() {
      holdAtBytes = Number.POSITIVE_INFINITY;
      for (const socket of held) socket.resume();
      held.clear();
    },
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
