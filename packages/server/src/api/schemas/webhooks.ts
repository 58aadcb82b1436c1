import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { WEBHOOK_EVENT_NAMES } from '../../webhooks/events.js';
import { isWebhookUrl } from '../../webhooks/url.js';
import { isoTime, uuid } from './envelope.js';

const NAME_MAX_CHARS = 255;
const URL_MAX_CHARS = 2048;

const eventName = z.enum(WEBHOOK_EVENT_NAMES);

/** Whether the address may be called is found out at each delivery, after its name was resolved. */
const webhookUrl = z
  .string()
  .min(1)
  .max(URL_MAX_CHARS)
  .refine(isWebhookUrl, 'must be a valid uri with the scheme http or https')
  .openapi({ format: 'uri' });

/** An event named twice is sent once. */
const events = z
  .array(eventName)
  .min(1)
  .max(WEBHOOK_EVENT_NAMES.length)
  .transform((names) => [...new Set(names)]);

const fields = { name: z.string().min(1).max(NAME_MAX_CHARS), url: webhookUrl, events };

/** Body of create and of replace (features.md WB01). */
export const newWebhook = z.strictObject({ ...fields, enabled: z.boolean().default(true) });
export type NewWebhook = z.output<typeof newWebhook>;

export const webhookPatch = z.strictObject({ ...fields, enabled: z.boolean() }).partial();
export type WebhookPatch = z.output<typeof webhookPatch>;

export const webhookView = z
  .object({
    id: uuid,
    name: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    enabled: z.boolean(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('Webhook');
export type WebhookView = z.infer<typeof webhookView>;

const deliveryStatus = z.enum(['PENDING', 'DELIVERED', 'FAILED']);

export const deliveryList = z.strictObject({ ...pagingQuery, status: deliveryStatus.optional() });

export const deliveryListItem = z
  .object({
    id: uuid.openapi({ description: 'Sent as `rtk-uuid` with every attempt.' }),
    webhook_id: uuid,
    session_id: uuid.nullable(),
    event: z.string(),
    status: deliveryStatus,
    attempts: z.int(),
    next_attempt_at: isoTime.nullable(),
    created_at: isoTime,
    finished_at: isoTime.nullable(),
  })
  .openapi('WebhookDeliveryListItem');
export type DeliveryListItem = z.infer<typeof deliveryListItem>;

const attempt = z
  .object({
    attempt: z.int(),
    at: isoTime,
    duration_ms: z.int(),
    http_status: z.int().nullable(),
    error: z.string().nullable(),
  })
  .openapi('WebhookAttempt');

export const deliveryView = deliveryListItem
  .extend({
    body: z.string().openapi({ description: 'The bytes that are sent and signed, as text.' }),
    attempt_log: z.array(attempt),
  })
  .openapi('WebhookDelivery');
export type DeliveryView = z.infer<typeof deliveryView>;
