import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A wire to a storage that can be held and cut. */
export interface Gate {
  port: number;
  /** Parts of multipart uploads whose requests went by, in order. */
  parts: number[];
  /** Lets this many more bytes go to the storage, then none; resolves when they have gone. */
  holdAfter(bytes: number): Promise<void>;
  /** Lets everything go again. */
  release(): void;
  /** Breaks every connection; new ones go through. */
  drop(): void;
  close(): Promise<void>;
}

const PART = /PUT \S*partNumber=(\d+)/;

export async function openGate(targetPort: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  const held = new Set<Socket>();
  const parts: number[] = [];
  let sent = 0;
  let limit: number | undefined;
  let tellHeld: () => void = () => undefined;

  const server = createServer((inbound) => {
    const outbound = connect(targetPort, '127.0.0.1');
    for (const socket of [inbound, outbound]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        held.delete(socket);
        inbound.destroy();
        outbound.destroy();
      });
    }
    outbound.pipe(inbound);
    inbound.on('data', (bytes: Buffer) => {
      const part = PART.exec(bytes.subarray(0, 2048).toString('latin1'));
      if (part) parts.push(Number(part[1]));
      sent += bytes.length;
      outbound.write(bytes);
      if (limit !== undefined && sent >= limit) {
        held.add(inbound);
        inbound.pause();
        tellHeld();
      }
    });
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
    parts,
    holdAfter(bytes) {
      limit = sent + bytes;
      return new Promise((resolve) => {
        tellHeld = resolve;
      });
    },
    release() {
      limit = undefined;
      for (const socket of held) socket.resume();
      held.clear();
    },
    drop,
    async close() {
      drop();
      server.close();
      await once(server, 'close');
    },
  };
}
