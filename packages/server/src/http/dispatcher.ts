import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import type { HttpMetrics } from '../metrics/http.js';
import { type Surfaces, surfaceFor } from './routes.js';

export type Fetch = (request: Request, env: HttpBindings) => Promise<Response>;

export interface DispatcherOptions {
  surfaces: Surfaces;
  baseDomain: string;
  metrics: HttpMetrics;
  log: Logger;
}

const NOT_FOUND = { success: false, error: { code: 404, message: 'Nothing is served at this path' } };

/** The one function that both ports call: finds the surface of a request, lets it answer, and measures it. */
export function createDispatcher({ surfaces, baseDomain, metrics, log }: DispatcherOptions): Fetch {
  return async (request, env) => {
    const { headers, method, url } = env.incoming;
    const path = pathOf(url);
    const target = { path, hostHeader: headers.host, authorization: headers.authorization };
    const surface = surfaceFor(target, baseDomain);
    const measure = metrics.start(surface ?? 'none');
    const response = surface
      ? await surfaces[surface].fetch(request, env)
      : Response.json(NOT_FOUND, { status: 404 });
    const seconds = measure(response.status);
    log.debug({ surface, method, path, status: response.status, seconds }, 'Request');
    return response;
  };
}

/** The query stays out: it may hold tokens. A proxy may send the whole address (RFC 9112, 3.2.2). */
function pathOf(url = '/'): string {
  return url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 1)[0] || '/';
}
