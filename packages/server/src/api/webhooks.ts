import { createRoute, z } from '@hono/zod-openapi';
import { WEBHOOK_EVENT_NAMES } from '../webhooks/events.js';
import { type ManagementServices, resourceRouter } from './router.js';
import {
  deleteWebhook,
  findWebhooks,
  getWebhook,
  insertWebhook,
  toWebhook,
  updateWebhook,
} from './rows/webhooks.js';
import { answer, jsonBody, ok } from './schemas/envelope.js';
import { webhookId } from './schemas/ids.js';
import { newWebhook, webhookPatch, webhookView } from './schemas/webhooks.js';

/** Called `id` because that is the name in the live service's refusals (rest-api.md 0.5). */
const params = z.object({ id: webhookId });

const list = createRoute({
  method: 'get',
  path: '/webhooks',
  summary: 'List webhooks',
  responses: { 200: answer('Webhooks, the newest first.', z.array(webhookView)) },
});

const listEvents = createRoute({
  method: 'get',
  path: '/webhooks/all',
  summary: 'List the events that a webhook can subscribe to',
  responses: { 200: answer('Names of events.', z.array(z.string())) },
});

const create = createRoute({
  method: 'post',
  path: '/webhooks',
  summary: 'Create a webhook',
  request: { body: jsonBody(newWebhook) },
  responses: { 201: answer('The webhook.', webhookView) },
});

const get = createRoute({
  method: 'get',
  path: '/webhooks/{id}',
  summary: 'Get a webhook',
  request: { params },
  responses: { 200: answer('The webhook.', webhookView) },
});

const replace = createRoute({
  method: 'put',
  path: '/webhooks/{id}',
  summary: 'Replace a webhook',
  request: { params, body: jsonBody(newWebhook) },
  responses: { 200: answer('The webhook.', webhookView) },
});

const edit = createRoute({
  method: 'patch',
  path: '/webhooks/{id}',
  summary: 'Change a webhook',
  request: { params, body: jsonBody(webhookPatch) },
  responses: { 200: answer('The webhook after the change.', webhookView) },
});

const remove = createRoute({
  method: 'delete',
  path: '/webhooks/{id}',
  summary: 'Delete a webhook with its delivery log',
  request: { params },
  responses: { 200: answer('The deleted webhook.', webhookView) },
});

/** Webhooks of an app (features.md WB01-WB04, WB17, CF29). */
export function webhooks({ db, clock }: ManagementServices) {
  return resourceRouter()
    .openapi(list, async (c) => {
      const rows = await findWebhooks(db, c.var.appId);
      return c.json(ok(rows.map(toWebhook)), 200);
    })
    .openapi(listEvents, (c) => c.json(ok([...WEBHOOK_EVENT_NAMES]), 200))
    .openapi(create, async (c) => {
      const row = await insertWebhook(db, c.var.appId, c.req.valid('json'), clock.now());
      return c.json(ok(toWebhook(row)), 201);
    })
    .openapi(get, async (c) => {
      const row = await getWebhook(db, c.var.appId, c.req.valid('param').id);
      return c.json(ok(toWebhook(row)), 200);
    })
    .openapi(replace, async (c) => {
      const { id } = c.req.valid('param');
      const row = await updateWebhook(db, c.var.appId, id, c.req.valid('json'), clock.now());
      return c.json(ok(toWebhook(row)), 200);
    })
    .openapi(edit, async (c) => {
      const { id } = c.req.valid('param');
      const row = await updateWebhook(db, c.var.appId, id, c.req.valid('json'), clock.now());
      return c.json(ok(toWebhook(row)), 200);
    })
    .openapi(remove, async (c) => {
      const row = await deleteWebhook(db, c.var.appId, c.req.valid('param').id);
      return c.json(ok(toWebhook(row)), 200);
    });
}
