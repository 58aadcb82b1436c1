import {
  decodeFrame,
  eventName,
  type Frame,
  MAX_SERVER_FRAME_BYTES,
  type ServerEvent,
  type ServerMessage,
  toClient,
  toServer,
} from '@parley/wire';
import type { Page } from 'playwright-core';

const MAX_PAYLOAD_CHARS = 300;

/** What a page and the server say to each other on the socket, pings left out. */
export interface SocketTrace {
  /** One line each, with SDP shortened, for whoever looks for the cause of a failure. */
  lines: string[];
  /** All that the server has sent to the page under one event number: what the client knows, shown or not. */
  received<E extends ServerEvent>(event: E): ServerMessage<E>[];
}

export function traceSockets(page: Page): SocketTrace {
  const lines: string[] = [];
  const frames: Frame[] = [];
  const note = (text: string) => lines.push(`${new Date().toISOString().slice(14, 23)} ${text}`);
  page.on('websocket', (socket) => {
    note(`open ${new URL(socket.url()).host}`);
    socket.on('close', () => note('closed'));
    socket.on('framesent', ({ payload }) => {
      if (typeof payload !== 'string') note(`-> ${describe(payload, 'sent')}`);
    });
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload === 'string') return;
      frames.push(decodeFrame(payload, MAX_SERVER_FRAME_BYTES));
      note(`<- ${describe(payload, 'received')}`);
    });
  });
  return {
    lines,
    received: <E extends ServerEvent>(event: E) =>
      frames
        .filter((frame) => frame.event === event)
        .map((frame) => toClient.decode<E>(event, frame.payload)),
  };
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
