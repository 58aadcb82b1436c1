import { decodeFrame, eventName, MAX_SERVER_FRAME_BYTES, toClient, toServer } from '@parley/wire';
import type { Page } from 'playwright-core';

const MAX_PAYLOAD_CHARS = 300;

/**
 * Everything that a page and the server say to each other on the socket, one line each, for whoever looks for
 * the cause of a failure. Pings are left out and SDP is shortened.
 */
export function traceSockets(page: Page): string[] {
  const lines: string[] = [];
  const note = (text: string) => lines.push(`${new Date().toISOString().slice(14, 23)} ${text}`);
  page.on('websocket', (socket) => {
    note(`open ${new URL(socket.url()).host}`);
    socket.on('close', () => note('closed'));
    socket.on('framesent', ({ payload }) => {
      if (typeof payload !== 'string') note(`-> ${describe(payload, 'sent')}`);
    });
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload !== 'string') note(`<- ${describe(payload, 'received')}`);
    });
  });
  return lines;
}

function describe(bytes: Uint8Array, direction: 'sent' | 'received'): string {
  const { event, id, payload } = decodeFrame(bytes, MAX_SERVER_FRAME_BYTES);
  const answer = direction === 'received' && id !== undefined ? ' (answer)' : '';
  return `${eventName(event) ?? event}${answer} ${textOf(event, payload, direction)}`;
}

function textOf(event: number, payload: Uint8Array, direction: 'sent' | 'received'): string {
  const message = messageOf(event, payload, direction);
  const text = JSON.stringify(message, (key, value) => (key === 'sdp' ? '...' : value)) ?? '';
  return text.length > MAX_PAYLOAD_CHARS ? `${text.slice(0, MAX_PAYLOAD_CHARS)}...` : text;
}

function messageOf(event: number, payload: Uint8Array, direction: 'sent' | 'received'): unknown {
  if (direction === 'sent') return toServer.has(event) ? toServer.decode(event, payload) : undefined;
  return toClient.has(event) ? toClient.decode(event, payload) : undefined;
}
