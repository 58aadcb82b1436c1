import { type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from '../../database/tables.js';
import type { Page } from '../../http/pagination.js';

/** Rows of one page and the number of all matches. */
export interface Rows<Row> {
  rows: Row[];
  total: number;
}

/**
 * Runs an ordered query for one page and counts all its matches on the way; only a page beyond the end costs a
 * second query.
 */
export async function fetchPage<DB extends Database, Tables extends keyof DB, Row extends object>(
  query: SelectQueryBuilder<DB, Tables, Row>,
  { limit, offset }: Page,
): Promise<Rows<Row>> {
  const counted = query.select(sql<string>`count(*) over ()`.as('matches'));
  const rows = (await counted.limit(limit).offset(offset).execute()) as (Row & { matches: string })[];
  if (rows[0]) return { rows, total: Number(rows[0].matches) };
  if (offset === 0) return { rows, total: 0 };
  const first = (await counted.limit(1).executeTakeFirst()) as { matches: string } | undefined;
  return { rows, total: Number(first?.matches ?? 0) };
}
