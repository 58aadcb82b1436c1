/**
 * A bare `ws` server: it sends back what it gets, and on a call sends one frame to each of its sockets. Nothing is
 * looked up, decided, written or logged, so this is the least time in which Node can do it.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeFrame, RoomEvent } from '@parley/wire';
import { WebSocketServer } from 'ws';

const http = createServer((_request, response) => {
  const frame = encodeFrame(RoomEvent.kickAll);
  for (const socket of sockets.clients) socket.send(frame);
  response.end();
});
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
http.listen(0, '127.0.0.1', () => console.log(`ready ${(http.address() as AddressInfo).port}`));
