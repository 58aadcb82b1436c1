import { createRoute, type z } from '@hono/zod-openapi';
import { ApiError } from '../http/errors.js';
import { type ManagementServices, resourceRouter } from './router.js';
import { countSessionsByDay, type DayRange, toDaywise } from './rows/analytics.js';
import { sumLivestreams, sumLivestreamsByDay, type TimeRange } from './rows/livestreams.js';
import {
  daywise,
  daywiseQuery,
  livestreamDaywise,
  livestreamOverall,
  livestreamQuery,
} from './schemas/analytics.js';
import { answer, ok } from './schemas/envelope.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days that are looked back when no start is given (features.md PA01). */
const DEFAULT_DAYS = 30;

const byDay = createRoute({
  method: 'get',
  path: '/analytics/daywise',
  summary: 'Count sessions and recordings by day; the last 30 days unless asked otherwise',
  request: { query: daywiseQuery },
  responses: { 200: answer('Sums and days.', daywise) },
});

const livestreamsOverall = createRoute({
  method: 'get',
  path: '/analytics/livestreams/overall',
  summary: 'Count livestreams',
  request: { query: livestreamQuery },
  responses: { 200: answer('Sums.', livestreamOverall) },
});

const livestreamsByDay = createRoute({
  method: 'get',
  path: '/analytics/livestreams/daywise',
  summary: 'Count livestreams by day',
  request: { query: livestreamQuery },
  responses: { 200: answer('Days.', livestreamDaywise) },
});

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

function rangeOf(query: { start_date?: string; end_date?: string }, now: Date): DayRange {
  const end = query.end_date ?? dayOf(now.getTime());
  const start = query.start_date ?? dayOf(Date.parse(end) - DEFAULT_DAYS * DAY_MS);
  if (start > end) throw ApiError.badRequest('start_date', 'must not be after "end_date"');
  return { start, end };
}

const timeOf = (time: number | Date | undefined): Date | undefined =>
  typeof time === 'number' ? new Date(time * 1000) : time;

const timesOf = (query: z.output<typeof livestreamQuery>): TimeRange => ({
  from: timeOf(query.start_time),
  to: timeOf(query.end_time),
});

/** Sums over the sessions of an app (features.md PA01, PA02). Recordings are not counted. */
export function analytics({ db, clock }: ManagementServices) {
  return resourceRouter()
    .openapi(byDay, async (c) => {
      const now = clock.now();
      const days = await countSessionsByDay(db, c.var.appId, rangeOf(c.req.valid('query'), now), now);
      return c.json(ok(toDaywise(days)), 200);
    })
    .openapi(livestreamsOverall, async (c) => {
      const range = timesOf(c.req.valid('query'));
      return c.json(ok(await sumLivestreams(db, c.var.appId, range, clock.now())), 200);
    })
    .openapi(livestreamsByDay, async (c) => {
      const range = timesOf(c.req.valid('query'));
      return c.json(ok(await sumLivestreamsByDay(db, c.var.appId, range, clock.now())), 200);
    });
}
