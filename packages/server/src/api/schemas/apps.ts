import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { querySearch, sortOrder } from '../../http/query.js';
import { isoTime, uuid } from './envelope.js';

const APP_NAME_MAX_CHARS = 255;

export const newApp = z.strictObject({ name: z.string().min(1).max(APP_NAME_MAX_CHARS) });

export const appList = z.strictObject({
  ...pagingQuery,
  search: querySearch.optional(),
  sort_order: sortOrder.optional(),
});

export const appView = z.object({ id: uuid, name: z.string(), created_at: isoTime }).openapi('App');
export type AppView = z.infer<typeof appView>;
