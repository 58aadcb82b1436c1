/**
 * A bare `ws` server that sends every frame that it gets to all of its sockets, as it came. Nothing is read, decided,
 * limited or put into another frame, so this is the least that a busy session can cost in Node.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const http = createServer();
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
sockets.on('connection', (socket) =>
  socket.on('message', (data) => {
    for (const one of sockets.clients) one.send(data);
  }),
);
http.listen(0, '127.0.0.1', () => console.log(`ready ${(http.address() as AddressInfo).port}`));
