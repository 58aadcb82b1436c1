import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { queryBoolean, queryTime } from '../../http/query.js';

const NAME_MAX_CHARS = 255;
const SIDE_MAX_PX = 1920;

/** `DSC` is how the reference spells it (rest-api.md 1.9). */
export const livestreamList = z.strictObject({
  ...pagingQuery,
  exclude_meetings: queryBoolean.optional(),
  status: z.enum(['LIVE', 'IDLE', 'ERRORED', 'INVOKED', 'OFFLINE']).optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  sort_order: z.enum(['ASC', 'DSC', 'DESC']).optional(),
});

const name = z
  .string()
  .max(NAME_MAX_CHARS)
  .regex(/^[\w-]*$/, 'must contain only letters, digits, dashes and underscores');

export const newLivestream = z.strictObject({ name: name.optional() });

const side = z.int().min(1).max(SIDE_MAX_PX);

/** `manual_ingest` is what the SDK sends (rest-api.md 3.6). */
export const newMeetingLivestream = z.strictObject({
  name: name.nullable().optional(),
  video_config: z.strictObject({ width: side.optional(), height: side.optional() }).optional(),
  manual_ingest: z.boolean().optional(),
});
