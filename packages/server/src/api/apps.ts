import { createRoute, z } from '@hono/zod-openapi';
import { pageOf } from '../http/pagination.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { findApps, insertApp, toApp } from './rows/apps.js';
import { appList, appView, newApp } from './schemas/apps.js';
import { answer, jsonBody, ok, okPage, pageAnswer } from './schemas/envelope.js';

const list = createRoute({
  method: 'get',
  path: '/apps',
  summary: 'List the apps of the account',
  request: { query: appList },
  responses: { 200: pageAnswer('Apps, the newest first.', appView) },
});

const create = createRoute({
  method: 'post',
  path: '/apps',
  summary: 'Create an app with the default presets',
  request: { body: jsonBody(newApp) },
  responses: { 200: answer('The app.', z.object({ app: appView })) },
});

/** Apps of an account (features.md C01-C04, rest-api.md 1.1). */
export function apps({ db, clock }: ManagementServices) {
  return resourceRouter()
    .openapi(list, async (c) => {
      const filter = c.req.valid('query');
      const page = pageOf(filter);
      const found = await findApps(db, c.var.accountId, filter, page);
      return c.json(okPage(page, found, toApp), 200);
    })
    .openapi(create, async (c) => {
      const { name } = c.req.valid('json');
      const app = await insertApp(db, { accountId: c.var.accountId, name }, clock.now());
      return c.json(ok({ app: toApp(app) }), 200);
    });
}
