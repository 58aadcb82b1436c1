import { HeadlessPeer } from '@parley/headless';
import Cloudflare from 'cloudflare';
import { type Backend, backendOf, type TestParticipant } from '../support/backend.js';
import { type ParleyProcess, startParley } from '../support/parley-process.js';

/** Account and app, as most methods of the official client want them. */
export interface Scope {
  account_id: string;
  app_id: string;
}

/** A real server, the unmodified official client, and participants without a browser. */
export interface Stage {
  parley: ParleyProcess;
  backend: Backend;
  kit: Cloudflare['realtimeKit'];
  scope: Scope;
  account: { account_id: string };
  /** Adds a participant and joins. */
  enter(meetingId: string, name: string, preset?: string): Promise<Guest>;
  /** One more connection of a participant. */
  enterAgain(participant: TestParticipant): Promise<HeadlessPeer>;
  /** Calls a path below the app without any client. */
  call(method: string, path: string, init?: RequestInit): Promise<Response>;
  dispose(): Promise<void>;
}

export interface Guest extends TestParticipant {
  peer: HeadlessPeer;
}

export async function startStage(): Promise<Stage> {
  const parley = await startParley();
  const backend = await backendOf(parley);
  const account = { account_id: backend.accountId };
  const peers: HeadlessPeer[] = [];
  const kitUrl = `${parley.httpUrl}/client/v4/accounts/${backend.accountId}/realtime/kit/${backend.appId}`;

  async function enterAgain(participant: TestParticipant): Promise<HeadlessPeer> {
    const peer = new HeadlessPeer({
      url: `${parley.httpUrl.replace('http', 'ws')}/ws`,
      token: participant.token,
    });
    peers.push(peer);
    await peer.connect();
    await peer.join();
    return peer;
  }

  return {
    parley,
    backend,
    kit: backend.client.realtimeKit,
    account,
    scope: { ...account, app_id: backend.appId },
    enterAgain,
    async enter(meetingId, name, preset = 'group_call_participant') {
      const participant = await backend.addParticipant(meetingId, name, preset);
      return { ...participant, peer: await enterAgain(participant) };
    },
    call: (method, path, init = {}) =>
      fetch(kitUrl + path, {
        method,
        ...init,
        headers: { authorization: `Bearer ${parley.apiToken}`, ...init.headers },
      }),
    async dispose() {
      for (const peer of peers) peer.drop();
      await parley.dispose();
    },
  };
}

/** What a call of the official client failed with. */
export async function failureOf(call: Promise<unknown>): Promise<InstanceType<typeof Cloudflare.APIError>> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Cloudflare.APIError)) throw new Error(`Not refused: ${String(error)}`);
  return error;
}
