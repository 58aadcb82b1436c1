import { z } from '@hono/zod-openapi';
import { queryDay, querySearch, queryTimeOrEpoch } from '../../http/query.js';

export const daywiseQuery = z.strictObject({
  start_date: queryDay.optional(),
  end_date: queryDay.optional(),
});

/** What `filters` means is documented nowhere; it is taken and ignored (rest-api.md part 5, 16). */
export const livestreamQuery = z.strictObject({
  start_time: queryTimeOrEpoch.optional(),
  end_time: queryTimeOrEpoch.optional(),
  filters: querySearch.optional(),
});

/** Days are UTC days; those on which nothing began are left out (features.md PA01). */
export const daywise = z
  .object({
    session_stats: z.object({
      sessions_count: z.int(),
      sessions_minutes_consumed: z.number(),
      day_stats: z.array(
        z.object({ day: z.string(), total_sessions: z.int(), total_session_minutes: z.number() }),
      ),
    }),
    recording_stats: z.object({
      recording_count: z.int(),
      recording_minutes_consumed: z.number(),
      day_stats: z.array(
        z.object({ day: z.string(), total_recordings: z.int(), total_recording_minutes: z.number() }),
      ),
    }),
  })
  .openapi('DaywiseAnalytics');
export type Daywise = z.infer<typeof daywise>;

const livestreamTotals = {
  count: z.int(),
  total_ingest_seconds: z.number(),
  total_viewer_seconds: z.number(),
};
export const livestreamOverall = z.object(livestreamTotals);
export const livestreamDaywise = z.array(z.object({ date: z.string().nullable(), ...livestreamTotals }));
