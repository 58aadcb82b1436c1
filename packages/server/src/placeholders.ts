import { Hono } from 'hono';
import type { SocketEdge } from './http/listeners.js';
import type { MediaPool } from './media/media-pool.js';

/** Stand-ins for rooms that are being built; each goes when its room comes. */
export const noEdge: SocketEdge = {
  handleUpgrade: (_request, socket) =>
    socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n'),
  drain: async () => undefined,
};

export const noMediaPool: MediaPool = {
  ready: async () => undefined,
  isReady: () => true,
  room: () => {
    throw new Error('There are no media workers yet');
  },
  gauges: () => [],
  close: async () => undefined,
};

export const nothing = (): Hono => new Hono();
