import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Backend } from './backend.js';
import { until } from './until.js';

type EventName = Parameters<
  Backend['client']['realtimeKit']['webhooks']['createWebhook']
>[1]['events'][number];

export const MEETING_EVENTS: EventName[] = [
  'meeting.started',
  'meeting.ended',
  'meeting.participantJoined',
  'meeting.participantLeft',
];

export interface Arrival {
  headers: IncomingHttpHeaders;
  /** As it came, not parsed. */
  body: Buffer;
  event: string;
  meetingId: string;
  sessionId: string;
  /** Of the two participant events. */
  peerId: string | undefined;
  reason: string | undefined;
}

/** A webhook receiver, as an app's backend has one. */
export interface Receiver {
  webhookId: string;
  arrivals: Arrival[];
  /** Holds back the answer to the events that it says so for, as a receiver that hangs. */
  hold: ((arrival: Arrival) => boolean) | null;
  held: ServerResponse[];
  of(meetingId: string): Arrival[];
  /** Waits for the end of the meeting, and answers all its events. */
  meetingEnded(meetingId: string): Promise<Arrival[]>;
  sawEvent(meetingId: string, event: string, count?: number): Promise<Arrival[]>;
  close(): Promise<void>;
}

/** Starts one and registers it with the app for these events. */
export async function startReceiver(backend: Backend, events = MEETING_EVENTS): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const content = JSON.parse(body.toString());
      const arrival: Arrival = {
        headers: request.headers,
        body,
        event: content.event,
        meetingId: content.meeting?.id ?? content.meetingId,
        sessionId: content.meeting?.sessionId ?? content.sessionId,
        peerId: content.participant?.peerId,
        reason: content.reason,
      };
      receiver.arrivals.push(arrival);
      if (receiver.hold?.(arrival)) receiver.held.push(response);
      else response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { data: webhook } = await backend.client.realtimeKit.webhooks.createWebhook(backend.appId, {
    account_id: backend.accountId,
    name: 'Conformance',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    events,
  });
  const receiver: Receiver = {
    webhookId: webhook!.id,
    arrivals: [],
    hold: null,
    held: [],
    of: (meetingId) => receiver.arrivals.filter((arrival) => arrival.meetingId === meetingId),
    async meetingEnded(meetingId) {
      await receiver.sawEvent(meetingId, 'meeting.ended');
      return receiver.of(meetingId);
    },
    sawEvent: (meetingId, event, count = 1) =>
      until(`${count} ${event} of ${meetingId}`, () => {
        const found = receiver.of(meetingId).filter((arrival) => arrival.event === event);
        return found.length >= count && found;
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
