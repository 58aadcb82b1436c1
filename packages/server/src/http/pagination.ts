import { z } from '@hono/zod-openapi';
import { queryInteger } from './query.js';

/** Page size when the caller names none (rest-api.md 1.1). */
const PER_PAGE_DEFAULT = 20;
const PER_PAGE_MAX = 500;
const PAGE_NO_MAX = 1_000_000;

/**
 * `page_no` counts from 1; 0 is read as 1 and `per_page` of 0 as the default, because the reference allows both
 * (rest-api.md 1.2).
 */
export const pagingQuery = {
  page_no: queryInteger(0, PAGE_NO_MAX).optional(),
  per_page: queryInteger(0, PER_PAGE_MAX).optional(),
};

export interface Page {
  limit: number;
  offset: number;
}

export function pageOf({ page_no, per_page }: { page_no?: number; per_page?: number }): Page {
  const limit = per_page || PER_PAGE_DEFAULT;
  return { limit, offset: ((page_no || 1) - 1) * limit };
}

/** Offsets are 1-based and inclusive; an empty page has 0 and 0 (features.md RE01). */
export const paging = z
  .object({
    total_count: z.int().openapi({ description: 'All matches, not only those of this page.' }),
    start_offset: z.int(),
    end_offset: z.int(),
  })
  .openapi('Paging');

export function pagingOf(page: Page, rowsOnPage: number, totalCount: number): z.infer<typeof paging> {
  return rowsOnPage === 0
    ? { total_count: totalCount, start_offset: 0, end_offset: 0 }
    : { total_count: totalCount, start_offset: page.offset + 1, end_offset: page.offset + rowsOnPage };
}
