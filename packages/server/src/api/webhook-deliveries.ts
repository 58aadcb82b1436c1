import { createRoute, z } from '@hono/zod-openapi';
import { ApiError } from '../http/errors.js';
import { pageOf } from '../http/pagination.js';
import { type ManagementServices, resourceRouter } from './router.js';
import {
  findAttempts,
  findDeliveries,
  getDelivery,
  toDelivery,
  toDeliveryListItem,
} from './rows/webhook-deliveries.js';
import { getWebhook } from './rows/webhooks.js';
import { answer, ok, okPage, pageAnswer } from './schemas/envelope.js';
import { anyId, webhookId } from './schemas/ids.js';
import { deliveryList, deliveryListItem, deliveryView } from './schemas/webhooks.js';

const ofWebhook = z.object({ id: webhookId });
const ofDelivery = z.object({ id: webhookId, delivery_id: anyId });

const list = createRoute({
  method: 'get',
  path: '/webhooks/{id}/deliveries',
  summary: 'List what was sent or is to be sent to a webhook',
  request: { params: ofWebhook, query: deliveryList },
  responses: { 200: pageAnswer('Deliveries without their bodies, the newest first.', deliveryListItem) },
});

const get = createRoute({
  method: 'get',
  path: '/webhooks/{id}/deliveries/{delivery_id}',
  summary: 'Get a delivery with its body and all its attempts',
  request: { params: ofDelivery },
  responses: { 200: answer('The delivery.', deliveryView) },
});

const redeliver = createRoute({
  method: 'post',
  path: '/webhooks/{id}/deliveries/{delivery_id}/redeliver',
  summary: 'Send a delivery again, with the same id and body',
  request: { params: ofDelivery },
  responses: { 200: answer('The delivery as it is now.', deliveryView) },
});

/**
 * The delivery log of a webhook. RealtimeKit shows its own only in the dashboard (features.md WB15), so these
 * routes are an addition.
 */
export function webhookDeliveries({ db, webhooks }: ManagementServices) {
  return resourceRouter()
    .openapi(list, async (c) => {
      const { id } = c.req.valid('param');
      const filter = c.req.valid('query');
      const page = pageOf(filter);
      await getWebhook(db, c.var.appId, id);
      const found = await findDeliveries(db, id, filter, page);
      return c.json(okPage(page, found, toDeliveryListItem), 200);
    })
    .openapi(get, async (c) => {
      const { id, delivery_id } = c.req.valid('param');
      const row = await getDelivery(db, c.var.appId, id, delivery_id);
      return c.json(ok(toDelivery(row, await findAttempts(db, delivery_id))), 200);
    })
    .openapi(redeliver, async (c) => {
      const { id, delivery_id } = c.req.valid('param');
      await getDelivery(db, c.var.appId, id, delivery_id);
      if (!(await webhooks.redeliver(delivery_id))) throw ApiError.notFound('delivery', delivery_id);
      const row = await getDelivery(db, c.var.appId, id, delivery_id);
      return c.json(ok(toDelivery(row, await findAttempts(db, delivery_id))), 200);
    });
}
