import { describe, expect, it } from 'vitest';
import { pageOf, pagingOf } from '../../../src/http/pagination.js';
import { queryDay, queryInteger, queryList, queryTime } from '../../../src/http/query.js';

describe('queryTime', () => {
  it.each([
    ['2026-07-01', '2026-07-01T00:00:00.000Z'],
    ['2026-07-01T10:00:00', '2026-07-01T10:00:00.000Z'],
    ['2026-07-01T10:00:00.5Z', '2026-07-01T10:00:00.500Z'],
    ['2026-07-01T10:00:00+02:00', '2026-07-01T08:00:00.000Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(queryTime.parse(text).toISOString()).toBe(expected);
  });

  it.each([
    '',
    'now',
    '2026-02-30',
    '1969-12-31',
    '0000-01-01',
    '9999-12-31T23:59:59-14:00',
    '2026-07-01 10:00',
  ])('refuses %j', (text) => {
    expect(queryTime.safeParse(text).success).toBe(false);
  });
});

describe('other values of a query', () => {
  it('are days between 1970 and 9999', () => {
    expect(queryDay.parse('9999-12-31')).toBe('9999-12-31');
    for (const text of ['1969-12-31', '2026-2-3', '10000-01-01']) {
      expect(queryDay.safeParse(text).success, text).toBe(false);
    }
  });

  it('are whole numbers in decimal digits', () => {
    expect(queryInteger(0, 10).parse('10')).toBe(10);
    for (const text of ['11', '-1', '', ' 1', '1e1', '0x1', '1.0', '9'.repeat(30)]) {
      expect(queryInteger(0, 10).safeParse(text).success, text).toBe(false);
    }
  });

  it('are lists in three spellings', () => {
    const list = queryList(['A', 'B']);
    expect(list.parse('A,B')).toEqual(['A', 'B']);
    expect(list.parse(['A', 'B'])).toEqual(['A', 'B']);
    expect(list.parse('A')).toEqual(['A']);
    expect(list.safeParse('A,C').success).toBe(false);
  });
});

describe('paging', () => {
  it('counts pages from 1 and offsets from 1, and reads 0 as the default', () => {
    expect(pageOf({})).toEqual({ limit: 20, offset: 0 });
    expect(pageOf({ page_no: 0, per_page: 0 })).toEqual({ limit: 20, offset: 0 });
    const page = pageOf({ page_no: 2, per_page: 10 });
    expect(page).toEqual({ limit: 10, offset: 10 });
    expect(pagingOf(page, 10, 30)).toEqual({ total_count: 30, start_offset: 11, end_offset: 20 });
    expect(pagingOf(page, 0, 5)).toEqual({ total_count: 5, start_offset: 0, end_offset: 0 });
  });
});
