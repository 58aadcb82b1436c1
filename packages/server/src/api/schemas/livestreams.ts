import { z } from '@hono/zod-openapi';
import { pagingQuery } from '../../http/pagination.js';
import { queryBoolean, queryTime } from '../../http/query.js';
import { isoTime, uuid } from './envelope.js';

const NAME_MAX_CHARS = 255;
const SIDE_MIN_PX = 16;
const SIDE_MAX_PX = 1920;

/** `DSC` is how the reference spells it (rest-api.md 1.9); `OFFLINE` is how webhooks call `IDLE`. */
export const livestreamList = z.strictObject({
  ...pagingQuery,
  exclude_meetings: queryBoolean.optional(),
  status: z.enum(['LIVE', 'IDLE', 'ERRORED', 'INVOKED', 'OFFLINE']).optional(),
  start_time: queryTime.optional(),
  end_time: queryTime.optional(),
  sort_order: z.enum(['ASC', 'DSC', 'DESC']).optional(),
});
export type LivestreamFilter = z.infer<typeof livestreamList>;

const name = z
  .string()
  .max(NAME_MAX_CHARS)
  .regex(/^[\w-]*$/, 'must contain only letters, digits, dashes and underscores');

export const newLivestream = z.strictObject({ name: name.optional() });

const side = z.int().min(SIDE_MIN_PX).max(SIDE_MAX_PX);

/** `manual_ingest` is what the SDK sends (rest-api.md 3.6). */
export const newMeetingLivestream = z.strictObject({
  name: name.nullable().optional(),
  video_config: z.strictObject({ width: side.optional(), height: side.optional() }).optional(),
  manual_ingest: z.boolean().optional(),
});

export const livestreamView = z
  .object({
    id: uuid,
    name: z.string().nullable(),
    meeting_id: uuid.nullable(),
    status: z.enum(['IDLE', 'INVOKED', 'LIVE', 'ERRORED', 'OFFLINE']),
    disabled: z.boolean(),
    manual_ingest: z.boolean(),
    ingest_server: z.string(),
    stream_key: z.string(),
    playback_url: z.string(),
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('Livestream');

const sessionFields = {
  id: uuid,
  livestream_id: uuid,
  status: z.enum(['INVOKED', 'LIVE', 'ENDED', 'ERRORED']),
  err_message: z.string().nullable(),
  invoked_time: isoTime,
  started_time: isoTime.nullable(),
  stopped_time: isoTime.nullable(),
  created_at: isoTime,
  updated_at: isoTime,
};

export const livestreamSession = z
  .object({ ...sessionFields, ingest_seconds: z.int(), viewer_seconds: z.int() })
  .openapi('LivestreamSession');

/** The reference declares the seconds of a session that runs as texts (rest-api.md 1.9). */
export const activeLivestreamSession = z.object({
  livestream: livestreamView,
  session: z.object({ ...sessionFields, ingest_seconds: z.string(), viewer_seconds: z.string() }),
});

/** `session` is the newest of the page; `sessions`, the whole page, is an addition of ours. */
export const livestreamWithSessions = z.object({
  livestream: livestreamView,
  session: livestreamSession.nullable(),
  sessions: z.array(livestreamSession),
  paging: z.object({ total_count: z.int(), start_offset: z.int(), end_offset: z.int() }),
});
