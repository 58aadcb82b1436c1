import type { HeadlessPeer } from '@parley/headless';
import Cloudflare from 'cloudflare';
import type { TestParticipant } from '../support/backend.js';
import { type SessionStage, startSessionStage } from '../support/session-stage.js';

/** A real server, the unmodified official client, and participants without a browser. */
export interface Stage extends Omit<SessionStage, 'enter'> {
  account: { account_id: string };
  /** Adds a participant and joins. */
  enter(meetingId: string, name: string, preset?: string): Promise<Guest>;
  /** Calls a path below the app without any client. */
  call(method: string, path: string, init?: RequestInit): Promise<Response>;
}

export interface Guest extends TestParticipant {
  peer: HeadlessPeer;
}

export async function startStage(): Promise<Stage> {
  const stage = await startSessionStage();
  const { parley, scope } = stage;
  const kitUrl = `${parley.httpUrl}/client/v4/accounts/${scope.account_id}/realtime/kit/${scope.app_id}`;
  return {
    ...stage,
    account: { account_id: scope.account_id },
    async enter(meetingId, name, preset) {
      const participant = await stage.invite(meetingId, name, preset);
      return { ...participant, peer: await stage.enterAgain(participant) };
    },
    call: (method, path, init = {}) =>
      fetch(kitUrl + path, {
        method,
        ...init,
        headers: { authorization: `Bearer ${parley.apiToken}`, ...init.headers },
      }),
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
