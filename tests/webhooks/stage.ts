import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';

/** A real server, a receiver that is registered with it, and participants without a browser. */
export interface WebhookStage extends SessionStage {
  receiver: Receiver;
  publicKey(): Promise<KeyObject>;
}

export async function startWebhookStage(): Promise<WebhookStage> {
  const stage = await startSessionStage();
  const receiver = await startReceiver(stage.backend);
  return {
    ...stage,
    receiver,
    async publicKey() {
      const answer = await fetch(`${stage.parley.httpUrl}/.well-known/webhooks.json`);
      const { success, data: key, message } = await answer.json();
      if (success !== true || message !== '') throw new Error('Not the form of features.md WB09');
      return createPublicKey(key.publicKey);
    },
    async dispose() {
      await stage.dispose();
      await receiver.close();
    },
  };
}
