import { createPublicKey, type KeyObject } from 'node:crypto';
import { HeadlessPeer } from '@parley/headless';
import { type Backend, backendOf, type TestParticipant } from '../support/backend.js';
import { type ParleyProcess, startParley } from '../support/parley-process.js';
import { type Receiver, startReceiver } from './receiver.js';

type EventName = Parameters<
  Backend['client']['realtimeKit']['webhooks']['createWebhook']
>[1]['events'][number];

export const MEETING_EVENTS: EventName[] = [
  'meeting.started',
  'meeting.ended',
  'meeting.participantJoined',
  'meeting.participantLeft',
];

/** A real server, a receiver that is registered with it, and participants without a browser. */
export interface WebhookStage {
  parley: ParleyProcess;
  backend: Backend;
  receiver: Receiver;
  webhookId: string;
  /** Account and app, as the official client wants them. */
  path: { account_id: string; app_id: string };
  publicKey(): Promise<KeyObject>;
  /** Adds a participant and joins. */
  enter(meetingId: string, name: string, preset?: string): Promise<HeadlessPeer>;
  /** Another connection of a participant that exists. */
  enterAgain(participant: TestParticipant): Promise<HeadlessPeer>;
  dispose(): Promise<void>;
}

export async function startWebhookStage(): Promise<WebhookStage> {
  const parley = await startParley();
  const backend = await backendOf(parley);
  const receiver = await startReceiver();
  const path = { account_id: backend.accountId, app_id: backend.appId };
  const { data } = await backend.client.realtimeKit.webhooks.createWebhook(backend.appId, {
    account_id: backend.accountId,
    name: 'Conformance',
    url: receiver.url,
    events: MEETING_EVENTS,
  });
  const peers: HeadlessPeer[] = [];

  async function enterAgain(participant: TestParticipant): Promise<HeadlessPeer> {
    const url = `${parley.httpUrl.replace('http', 'ws')}/ws`;
    const peer = new HeadlessPeer({ url, token: participant.token });
    peers.push(peer);
    await peer.connect();
    await peer.join();
    return peer;
  }

  return {
    parley,
    backend,
    receiver,
    webhookId: data!.id,
    path,
    enterAgain,
    async publicKey() {
      const answer = await fetch(`${parley.httpUrl}/.well-known/webhooks.json`);
      const { success, data: key, message } = await answer.json();
      if (success !== true || message !== '') throw new Error('Not the form of features.md WB09');
      return createPublicKey(key.publicKey);
    },
    enter: async (meetingId, name, preset = 'group_call_participant') =>
      enterAgain(await backend.addParticipant(meetingId, name, preset)),
    async dispose() {
      for (const peer of peers) peer.drop();
      await parley.dispose();
      await receiver.close();
    },
  };
}
