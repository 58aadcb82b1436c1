import { type Kysely, sql } from 'kysely';
import type { Database } from '../../database/tables.js';
import type { AppId } from '../../ids.js';
import type { Daywise } from '../schemas/analytics.js';
import { minutesNow, roundMinutes, sessionsOf } from './sessions.js';

/** The first and the last UTC day, `YYYY-MM-DD`; both count. */
export interface DayRange {
  start: string;
  end: string;
}

export type DayRow = { day: string; sessions: number; minutes: number };

/** Sessions by the day on which they began. */
export async function countSessionsByDay(
  db: Kysely<Database>,
  appId: AppId,
  { start, end }: DayRange,
  now: Date,
): Promise<DayRow[]> {
  const day = sql<string>`to_char(session.started_at at time zone 'UTC', 'YYYY-MM-DD')`;
  return await sessionsOf(db, appId, now)
    .clearSelect()
    .select([
      day.as('day'),
      sql<number>`count(*)::int`.as('sessions'),
      sql<number>`sum(${minutesNow})`.as('minutes'),
    ])
    .where(sql<boolean>`session.started_at >= ${start}::date::timestamp at time zone 'UTC'`)
    .where(sql<boolean>`session.started_at < (${end}::date + 1)::timestamp at time zone 'UTC'`)
    .groupBy(day)
    .orderBy(day)
    .execute();
}

export const toDaywise = (days: DayRow[]): Daywise => ({
  session_stats: {
    sessions_count: days.reduce((sum, { sessions }) => sum + sessions, 0),
    sessions_minutes_consumed: roundMinutes(days.reduce((sum, { minutes }) => sum + minutes, 0)),
    day_stats: days.map(({ day, sessions, minutes }) => ({
      day,
      total_sessions: sessions,
      total_session_minutes: roundMinutes(minutes),
    })),
  },
  recording_stats: { recording_count: 0, recording_minutes_consumed: 0, day_stats: [] },
});
