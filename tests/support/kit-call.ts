import type { SessionStage } from './session-stage.js';

/** Calls a path below the app, for what the official client does not know. */
export async function kitCall(stage: SessionStage, method: string, path: string, body?: object) {
  const { account_id, app_id } = stage.scope;
  const url = `${stage.parley.httpUrl}/client/v4/accounts/${account_id}/realtime/kit/${app_id}${path}`;
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${stage.parley.apiToken}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
