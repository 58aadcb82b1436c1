import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Opens `count` sockets to a bare server, `width` at a time, and does `work` with each before it goes on. */
export async function openSockets(
  port: number,
  count: number,
  width: number,
  work: (socket: WebSocket) => Promise<void> = () => Promise.resolve(),
): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  const lane = async () => {
    while (sockets.length < count) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
      sockets.push(socket);
      await once(socket, 'open');
      await work(socket);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return sockets;
}
