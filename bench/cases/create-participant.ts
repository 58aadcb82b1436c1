import { Pool } from 'undici';
import type { Bench } from '../bench.js';
import { startBaseline } from '../support/baseline.js';
import { startParley } from '../support/parley.js';
import { inTurn } from '../support/rounds.js';

const REQUESTS = 2000;
const ROUNDS = 5;
const WIDTH = 16;

/** REST create-participant, against a bare Fastify route with one insert into the same Postgres. */
export const createParticipant: Bench = {
  name: 'create-participant',
  async run(log) {
    const parley = await startParley();
    const bare = await startBaseline('bare-route', parley.databaseUrl());
    try {
      const meeting = await parley.call<{ id: string }>('POST', `/${parley.appId}/meetings`, {
        title: 'Bench',
      });
      const kit = `/client/v4/accounts/${parley.accountId}/realtime/kit`;
      const parleyRoute: Route = {
        origin: `http://127.0.0.1:${parley.httpPort}`,
        path: `${kit}/${parley.appId}/meetings/${meeting.id}/participants`,
        headers: { authorization: `Bearer ${parley.apiToken}` },
      };
      const bareRoute: Route = {
        origin: `http://127.0.0.1:${bare.port}`,
        path: `/meetings/${meeting.id}/participants`,
        headers: {},
      };
      const figures = await inTurn(ROUNDS, log, {
        parley: () => perSecond(parleyRoute),
        baseline: () => perSecond(bareRoute),
      });
      return [
        {
          what: `Create-participant requests per second, ${WIDTH} at a time`,
          parley: figures.parley,
          baseline: {
            name: 'bare Fastify route and one insert',
            value: figures.baseline,
            ratio: figures.ratio,
          },
        },
      ];
    } finally {
      await bare.stop();
      await parley.stop();
    }
  },
};

interface Route {
  origin: string;
  path: string;
  headers: Record<string, string>;
}

async function perSecond({ origin, path, headers }: Route): Promise<number> {
  const pool = new Pool(origin, { connections: WIDTH });
  let left = REQUESTS;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const response = await pool.request({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          name: 'Ann',
          preset_name: 'group_call_participant',
          custom_participant_id: `bench-${left}`,
        }),
      });
      const text = await response.body.text();
      if (response.statusCode !== 201) throw new Error(`${path}: ${response.statusCode} ${text}`);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: WIDTH }, lane));
  const seconds = (performance.now() - startedMs) / 1000;
  await pool.close();
  return REQUESTS / seconds;
}
