import { Hono } from 'hono';
import type { Logger } from 'pino';
import { ApiError } from './errors.js';
import { renderManagementError } from './render-error.js';

const METHODS = ['GET', 'HEAD'];

/** A surface that can only be read: it refuses other methods and paths that it does not have in the common form. */
export function readOnlySurface(log: Logger): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    if (!METHODS.includes(c.req.method)) {
      c.header('allow', METHODS.join(', '));
      throw new ApiError(405, `${c.req.method} is not allowed here; use ${METHODS.join(' or ')}`);
    }
    await next();
  });
  app.onError((error, c) => renderManagementError(error, c, log));
  app.notFound((c) => renderManagementError(new ApiError(404, 'Nothing is served at this path'), c, log));
  return app;
}
